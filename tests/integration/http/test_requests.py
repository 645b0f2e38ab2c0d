import hashlib
from collections.abc import Callable
from typing import Any, cast

import pytest

from background_remover.domain.jobs import Options
from background_remover.domain.placement import Length, Margin, Margins, Position, Region
from background_remover.domain.request_errors import InvalidParameterError, MalformedJsonError, NotAcceptableError
from background_remover.domain.tiers import TIERS
from background_remover.http.headers import idempotency_key
from background_remover.http.messages import Request as ApiRequest
from background_remover.http.messages import single_values
from background_remover.http.option_fields import OptionFields
from background_remover.http.requests import Manifest, ManifestFile, PricingFields, RenderFields, UploadFields
from background_remover.http.validation import Request, json_object, validated, validated_json


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
        *(("crop", value) for value in ("1 2 3", "1 2 3 4 5", "1  2", "1, 2", " 5", "5 5em")),
        *(
            ("region", value)
            for value in ("", "0 0 10", "0 0 10 10 10", "0,0,10,10", "-1 0 10 10", "0 0 1.5 2", 5, ["0"])
        ),
        *(("region", value) for value in ("10 0 10 20", "0 50% 10 50%", "20% 0 10% 20")),
        *(("scale", value) for value in ("9%", "101%", "50", "0.5", 50, "50 %", "original", True, "٥٠%")),
        *(("position", value) for value in ("left", "50", "101%", "-1%", "1% 2% 3%", "50%  50%", 50, "center center")),
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
        ({"scale": "50%", "position": "original"}, ["position"]),
        ({"crop": "5%", "scale": "50%"}, ["scale"]),
        ({"crop": "5%", "position": "center"}, ["position"]),
        ({"crop": "5%", "position": "0%", "scale": "50%", "format": "jpeg"}, ["scale", "position", "background"]),
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


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("5% 24px", (Margin(5, "%"), Margin(24), Margin(5, "%"), Margin(24))),
        ("1 2px 3% 4", (Margin(1), Margin(2), Margin(3, "%"), Margin(4))),
    ],
)
def test_two_or_four_margins_are_for_the_sides_as_in_css(text: str, sides: tuple[Margin, ...]) -> None:
    assert options(crop=text).crop == Margins(*sides)


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("0 10 20px 30", (Length(0), Length(10), Length(20), Length(30))),
        ("10% 0px 90% 2000px", (Length(10, "%"), Length(0), Length(90, "%"), Length(2000))),
        ("10% 0 5 5", (Length(10, "%"), Length(0), Length(5), Length(5))),  # of a small photo that may be something
    ],
)
def test_a_region_is_left_top_right_bottom(text: str, edges: tuple[Length, ...]) -> None:
    assert options(region=text).region == Region(*edges)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("original", None),
        ("center", Position(50, 50)),
        ("0%", Position(0, 0)),
        ("25%", Position(25, 25)),
        ("0% 100%", Position(0, 100)),
    ],
)
def test_a_position_is_a_word_or_one_or_two_shares(text: str, position: Position | None) -> None:
    assert options(position=text).position == position


@pytest.mark.parametrize("scale", [10, 55, 100])
def test_a_scale_is_a_share_of_the_frame(scale: int) -> None:
    assert (options(scale=f"{scale}%").scale, options(scale=f"{scale}%").position) == (scale, None)


def test_a_crop_may_leave_the_subject_in_its_original_position() -> None:
    assert options(crop="5%", position="original") == Options(crop=Margin(5, "%"))


def on_image(**fields: Any) -> Options:
    return validated_json(OptionFields, fields).options(TIERS["basic"], background_image=b"an image")


def test_a_background_image_is_known_by_its_hash_and_is_enough_for_a_jpeg() -> None:
    assert on_image(format="jpeg").background_image == hashlib.sha256(b"an image").hexdigest()
    assert on_image() != validated_json(OptionFields, {}).options(TIERS["basic"], background_image=b"another")


@pytest.mark.parametrize("fields", [{"background": "#ffffff"}, {"output": "matte"}])
def test_a_background_image_goes_with_no_colour_and_no_matte(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        on_image(**fields)

    assert faults(refusal.value) == ["backgroundImage"]


def test_options_that_nobody_used_before_change_no_key_of_what_was_asked_before() -> None:
    """As the version wrote it that had none of them: of 24 hours of Idempotency-Keys, and of a week of renderings."""
    assert repr(Options(crop=Margin(5, "%"))) == (
        "Options(format='png', background=None, crop=Margin(amount=5, unit='%'), output='cutout', max_size=None, "
        "lossless=False)"
    )
    later = [
        Options(region=Region(Length(0), Length(0), Length(5), Length(5))),
        Options(scale=50),
        Options(position=Position(50, 50)),
        Options(background_image="ab"),
        Options(crop=Margins(Margin(1), Margin(1), Margin(1), Margin(1))),
    ]
    assert len({repr(each) for each in [Options(), Options(crop=Margin(1)), *later]}) == 7


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
