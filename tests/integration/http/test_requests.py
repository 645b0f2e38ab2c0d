from typing import Any

import pytest

from background_remover.domain.errors import InvalidParameterError, MalformedJsonError, NotAcceptableError
from background_remover.domain.jobs import Margin, Options
from background_remover.domain.tiers import TIERS
from background_remover.http.requests import (
    Manifest,
    OptionFields,
    PricingFields,
    Request,
    UploadFields,
    idempotency_key,
    json_object,
    validated,
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
    return validated(OptionFields, fields).options(TIERS[tier])


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
        ("basic", "true", True),
        ("industry", "false", False),
    ],
)
def test_a_webp_is_lossless_as_asked_and_else_in_tier_industry(
    tier: str, asked: bool | str | None, lossless: bool
) -> None:
    assert options(tier, format="webp", lossless=asked).lossless is lossless


def test_other_formats_of_tier_industry_are_what_they_always_are() -> None:
    assert options("industry", format="jpeg", background="#ffffff").lossless is False


def test_the_format_is_what_the_accept_header_asks_for() -> None:
    fields = validated(OptionFields, {"background": "#ffffff"})

    assert fields.options(TIERS["basic"], "jpeg").format == "jpeg"
    with pytest.raises(NotAcceptableError):
        validated(OptionFields, {"format": "png"}).options(TIERS["basic"], "webp")


# ---- numbers ---------------------------------------------------------------------------------------

PHOTO = {"contentType": "image/png", "fileName": "a.png"}


def test_a_number_may_be_the_text_of_a_form_or_query() -> None:
    assert options(maxSize="800").max_size == 800
    assert validated(UploadFields, {**PHOTO, "tier": "basic", "size": "5"}).size == 5


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        (Manifest, {"tier": "basic", "files": [{**PHOTO, "size": True}]}, "files.0.size"),
        (UploadFields, {**PHOTO, "tier": "basic", "size": True}, "size"),
        (PricingFields, {"tier": "basic", "totalImages": True}, "totalImages"),
    ],
)
def test_a_flag_is_no_number(kind: type[Request], fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        validated(kind, fields)

    assert [error["field"] for error in refusal.value.members["errors"]] == [field]  # type: ignore[attr-defined]
