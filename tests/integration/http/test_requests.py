from collections.abc import Callable
from typing import Any, cast

import pytest

from background_remover.domain.errors import InvalidParameterError, MalformedJsonError, NotAcceptableError
from background_remover.domain.jobs import Margin, Options
from background_remover.domain.tiers import TIERS
from background_remover.http.messages import Request as ApiRequest
from background_remover.http.messages import single_values
from background_remover.http.requests import (
    Manifest,
    ManifestFile,
    OptionFields,
    PricingFields,
    RenderFields,
    Request,
    UploadFields,
    idempotency_key,
    json_object,
    validated,
    validated_json,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'["image"]',
        b'{"size": NaN}',
        b'{"uploadId": "\\ud800"}',
        pytest.param(b"[" * 200_000, id="deeply nested"),
        pytest.param(b'{"size": ' + b"9" * 5000 + b"}", id="a number without end"),
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        json_object(body)


def test_a_character_outside_of_the_basic_plane_is_taken_in_two_halves() -> None:
    assert json_object(b'{"fileName": "\\ud83d\\ude00"}') == {"fileName": "\N{GRINNING FACE}"}


@pytest.mark.parametrize("key", ["k" * 256, "clé", "one\ntwo", "\N{GRINNING FACE}" * 255])
def test_a_key_that_is_too_long_or_not_of_printable_ascii_is_refused(key: str) -> None:
    with pytest.raises(InvalidParameterError):
        idempotency_key({"idempotency-key": key})


@pytest.mark.parametrize(("key", "taken"), [("k" * 255, "k" * 255), ("order 17/a", "order 17/a"), ("", None)])
def test_any_other_key_is_taken_as_it_is(key: str, taken: str | None) -> None:
    assert idempotency_key({"idempotency-key": key}) == taken


# ---- options ---------------------------------------------------------------------------------------


def options(tier: str = "standard", **fields: Any) -> Options:
    return validated_json(OptionFields, fields).options(TIERS[tier])


def test_by_default_the_result_is_the_whole_photo_as_a_transparent_png() -> None:
    assert options() == Options()


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("0", Margin(0)),
        ("24", Margin(24)),
        ("24px", Margin(24)),
        ("5%", Margin(5, "%")),
        ("99999%", Margin(99_999, "%")),
        (24, Margin(24)),
        (0, Margin(0)),
    ],
)
def test_a_margin_is_in_pixels_or_per_cent(text: str | int, margin: Margin) -> None:
    assert options(crop=text).crop == margin


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("crop", value)
            for value in ("", "px", "-1", "1.5%", "5 %", "5em", "100000", "²", "٣", "5%\n", True, 1.0, -1)
        ),
        *(("crop", value) for value in (100_000, [5], {"amount": 5})),
        *(("maxSize", value) for value in (0, -5, 100_000, "big", 10**400, True, 1.5)),
        *(("lossless", value) for value in ("yes", "1", 1, "")),
        *(("output", value) for value in ("mask", "")),
        ("format", "gif"),
        ("background", "white"),
        ("size", 5),
    ],
)
def test_a_value_that_is_not_taken_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        options(**{"format": "webp", field: value})

    assert [error["field"] for error in refusal.value.members["errors"]] == [field]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"format": "jpeg"}, ["background"]),
        ({"output": "matte", "background": "#ffffff"}, ["background"]),
        ({"format": "png", "lossless": True}, ["lossless"]),
        ({"format": "jpeg", "background": "#ffffff", "lossless": False}, ["lossless"]),
        ({"format": "jpeg", "lossless": True}, ["background", "lossless"]),
        ({"output": "matte", "background": "#ffffff", "lossless": True}, ["background", "lossless"]),
    ],
)
def test_fields_that_contradict_each_other_are_refused_by_name(fields: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        options(**fields)

    assert [error["field"] for error in refusal.value.members["errors"]] == faults  # type: ignore[attr-defined]


def test_a_matte_as_a_jpeg_needs_no_background() -> None:
    assert options(format="jpeg", output="matte") == Options(format="jpeg", output="matte")


@pytest.mark.parametrize(
    ("tier", "asked", "lossless"),
    [
        ("basic", None, False),
        ("professional", None, False),
        ("industry", None, True),
        ("basic", True, True),
        ("industry", False, False),
    ],
)
def test_a_webp_is_lossless_as_asked_and_else_in_tier_industry(tier: str, asked: bool | None, lossless: bool) -> None:
    assert options(tier, format="webp", lossless=asked).lossless is lossless


def test_other_formats_of_tier_industry_are_what_they_always_are() -> None:
    assert options("industry", format="jpeg", background="#ffffff").lossless is False


def test_the_format_is_what_the_accept_header_asks_for() -> None:
    fields = validated(OptionFields, {"background": "#ffffff"})

    assert fields.options(TIERS["basic"], "jpeg").format == "jpeg"
    with pytest.raises(NotAcceptableError):
        validated(OptionFields, {"format": "png"}).options(TIERS["basic"], "webp")


# ---- values in JSON and values in forms --------------------------------------------------------------

FILE = {"contentType": "image/png", "fileName": "a.png"}


def faults(error: InvalidParameterError) -> list[str]:
    return [fault["field"] for fault in error.members["errors"]]  # type: ignore[attr-defined]


def test_a_form_or_query_has_numbers_and_flags_as_text() -> None:
    fields = validated(OptionFields, {"maxSize": "800", "crop": "24", "format": "webp", "lossless": "true"})

    assert (fields.max_size, fields.crop, fields.lossless) == (800, Margin(24), True)


@pytest.mark.parametrize("value", ["yes", "1", "on", "True", ""])
def test_no_other_text_is_a_flag(value: str) -> None:
    with pytest.raises(InvalidParameterError):
        validated(OptionFields, {"format": "webp", "lossless": value})


@pytest.mark.parametrize("value", ["5", True, 5.0, None, [5]], ids=repr)
@pytest.mark.parametrize(
    ("kind", "around", "field"),
    [
        (Manifest, lambda size: {"tier": "basic", "files": [{**FILE, "size": size}]}, "files.0.size"),
        (PricingFields, lambda images: {"tier": "basic", "totalImages": images}, "totalImages"),
        (ManifestFile, lambda size: {**FILE, "size": size}, "size"),
    ],
)
def test_only_a_number_is_a_number_in_json(
    kind: type[Request], around: Callable[[object], dict[str, Any]], field: str, value: object
) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        validated_json(kind, around(value))

    assert faults(refusal.value) == [field]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"maxSize": "800"}, "maxSize"),
        ({"maxSize": True}, "maxSize"),
        ({"lossless": "true"}, "lossless"),
        ({"lossless": 1}, "lossless"),
        ({"background": 255}, "background"),
        ({"crop": True}, "crop"),
        ({"format": 1}, "format"),
    ],
)
def test_json_is_not_guessed_at(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        validated_json(RenderFields, fields)

    assert faults(refusal.value) == [field]


def test_json_with_the_right_types_is_taken() -> None:
    fields = validated_json(
        RenderFields, {"maxSize": 800, "lossless": True, "background": "#ffffff", "crop": 5, "refinement": "basic"}
    )

    assert (fields.max_size, fields.lossless, fields.background) == (800, True, (255, 255, 255))
    assert (fields.crop, fields.refinement) == (Margin(5), "basic")


# ---- what comes once ---------------------------------------------------------------------------------


def test_a_field_that_comes_twice_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        single_values([("tier", "basic"), ("format", "png"), ("tier", "industry")])

    assert faults(refusal.value) == ["tier"]


def test_a_query_with_a_parameter_twice_is_refused() -> None:
    event = {
        "httpMethod": "GET",
        "resource": "/jobs",
        "multiValueQueryStringParameters": {"limit": ["5", "6"]},
        "requestContext": {"requestId": "r"},
    }

    with pytest.raises(InvalidParameterError):
        _ = ApiRequest(event, cast("Any", None)).query


# ---- what a file is said to be -----------------------------------------------------------------------


@pytest.mark.parametrize("content_type", [None, "", "application/octet-stream", "image/jpg", "text/html", "x" * 255])
def test_a_file_may_be_announced_as_anything_or_nothing(content_type: str | None) -> None:
    announced = {"tier": "basic"} | ({} if content_type is None else {"contentType": content_type})

    assert validated_json(UploadFields, announced).content_type == content_type
