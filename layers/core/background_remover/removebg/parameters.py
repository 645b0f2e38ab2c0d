"""What a request of remove.bg's API asks for, checked as remove.bg does."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Literal, cast, get_args

from background_remover.domain.jobs import LONGEST_FILE_NAME
from background_remover.domain.placement import CENTER, Length, Margin, Margins, Position, Region
from background_remover.domain.public_url import AddressRefusedError, PublicUrl
from background_remover.removebg.body import Body, File
from background_remover.removebg.refusals import RefusedError

Kind = Literal["auto", "png", "jpg", "zip"]
Channels = Literal["rgba", "alpha"]
Translucent = tuple[int, int, int, int]
Unit = Literal["px", "%"]

_SOURCES = ("image_file", "image_file_b64", "image_url")
_BACKGROUNDS = ("bg_color", "bg_image_url", "bg_image_file")
_NUMBER = r"\d{1,5}(?:\.\d{1,9})?"
LARGEST_MARGIN: dict[Unit, int] = {"px": 500, "%": 50}
SMALLEST_SCALE = 10

_WITHOUT_EFFECT = {
    "type": {"auto"},
    "add_shadow": {"false"},
    "semitransparency": {"true"},
    "shadow_method": set[str](),
}
"""Parameters that are taken and do nothing, and the values with which nothing is expected of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`photo` is the file, or the URL of one. `background` has its opacity as the fourth number.

    `backdrop`, an image in place of that colour, is a file or a URL as well. `without_effect`: parameters of which the
    caller may expect something that does not come.
    """

    photo: File | PublicUrl
    size: str
    kind: Kind
    channels: Channels
    background: Translucent | None
    backdrop: File | PublicUrl | None
    region: Region | None
    crop: Margin | Margins | None
    scale: int | None
    position: Position | None
    says_type: bool
    without_effect: tuple[str, ...]


def asked_for(body: Body) -> Asked:
    """Raises `RefusedError`."""
    fields = body.fields
    _require_no_more_than_one(body, _BACKGROUNDS, "multiple_bg_sources")
    crop = _crop(fields.get("crop", "false"), fields.get("crop_margin", "0"))
    scale, position = _scale(fields.get("scale", "original")), _position(fields.get("position", "original"))
    for name in ("add_shadow", "semitransparency"):
        _flag(fields.get(name, "true"), f"invalid_{name}")
    return Asked(
        photo=_photo(body),
        size=fields.get("size", "preview").lower(),
        kind=cast(Kind, _one_of(get_args(Kind), fields.get("format", "auto"), "invalid_format")),
        channels=cast(Channels, _one_of(get_args(Channels), fields.get("channels", "rgba"), "invalid_channels")),
        background=_colour(fields["bg_color"]) if "bg_color" in fields else None,
        backdrop=_backdrop(body),
        region=_region(fields["roi"]) if "roi" in fields else None,
        crop=crop,
        # A crop leaves no frame to scale or place the subject in.
        scale=None if crop else scale,
        position=None if crop else position,
        says_type=fields.get("type_level", "1") != "none",
        without_effect=(
            *(name for name, usual in _WITHOUT_EFFECT.items() if fields.get(name, "").lower() not in {"", *usual}),
            *(name for name, value in (("scale", scale), ("position", position)) if crop and value),
        ),
    )


def _photo(body: Body) -> File | PublicUrl:
    given = _require_no_more_than_one(body, _SOURCES, "multiple_sources")
    match given:
        case "image_file":
            return body.files["image_file"]
        case "image_file_b64":
            return File(None, _decoded(body.fields["image_file_b64"]))
        case "image_url":
            return _url(body.fields["image_url"], "invalid_image_url")
    raise RefusedError(
        "missing_source", "Please provide the source image in the image_url, image_file or image_file_b64 parameter."
    )


def _backdrop(body: Body) -> File | PublicUrl | None:
    if "bg_image_url" in body.fields:
        return _url(body.fields["bg_image_url"], "invalid_bg_image_url")
    return body.files.get("bg_image_file")


def file_name(photo: File | PublicUrl) -> str | None:
    name = photo.file_name if isinstance(photo, PublicUrl) else photo.name
    return name[-LONGEST_FILE_NAME:] if name else None


def _require_no_more_than_one(body: Body, names: tuple[str, ...], code: str) -> str | None:
    given = [name for name in names if name in body.fields or name in body.files]
    if len(given) > 1:
        raise RefusedError(code, f"Given are {', '.join(given)}.")
    return given[0] if given else None


def _decoded(text: str) -> bytes:
    """A data URL as browsers make it, or the base64 alone, in lines or not."""
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return b64decode("".join(encoded.split()), validate=True)
    except ValueError:
        raise RefusedError("failed_to_read_image", "The parameter image_file_b64 is no base64.") from None


def _url(text: str, code: str) -> PublicUrl:
    try:
        return PublicUrl.parse(text)
    except AddressRefusedError as refused:
        raise RefusedError(code, f"The URL {refused}.") from None


def _one_of(values: tuple[str, ...], text: str, code: str) -> str:
    if text.lower() not in values:
        raise RefusedError(code, f"Choose one of {', '.join(values)}.")
    return text.lower()


def _flag(text: str, code: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    except KeyError:
        raise RefusedError(code, "Choose true or false.") from None


def _colour(text: str) -> Translucent:
    digits = text.removeprefix("#")
    if re.fullmatch("[0-9a-fA-F]{3,4}", digits):
        digits = "".join(2 * digit for digit in digits)
    if re.fullmatch("(?:[0-9a-fA-F]{2}){3,4}", digits):
        red, green, blue, *opacity = bytes.fromhex(digits)
        return red, green, blue, opacity[0] if opacity else 255
    from PIL.ImageColor import colormap  # The names of CSS.

    if (name := text.lower()) == "transparent":
        return 0, 0, 0, 0
    if name in colormap:
        return _colour(str(colormap[name]))
    raise RefusedError("invalid_bg_color", "Give hex digits such as 81d4fa, fff or 81d4fa77, or the name of a color.")


def _crop(wanted: str, text: str) -> Margin | Margins | None:
    margins = [_margin(side) for side in text.split()]
    if len(margins) not in (1, 2, 4):
        raise RefusedError("invalid_crop_margin", "Give one, two or four values.")
    if not _flag(wanted, "invalid_crop"):
        return None
    match margins:
        case [margin]:
            return margin
        case [upright, sideways]:
            return Margins(upright, sideways, upright, sideways)
    return Margins(*margins)


def _margin(text: str) -> Margin:
    found = re.fullmatch(rf"({_NUMBER})(px|%)?", text)
    if not found:
        raise RefusedError("invalid_crop_margin", "Give values such as 30px or 10%.")
    unit: Unit = "%" if found[2] == "%" else "px"
    # remove.bg adds no more than this, whatever is asked for.
    return Margin(min(round(float(found[1])), LARGEST_MARGIN[unit]), unit)


def _scale(text: str) -> int | None:
    if text == "original":
        return None
    if not re.fullmatch(rf"{_NUMBER}%", text) or not SMALLEST_SCALE <= float(text[:-1]) <= 100:
        raise RefusedError("invalid_scale", f"Give original, or {SMALLEST_SCALE}% to 100%.")
    return round(float(text[:-1]))


def _position(text: str) -> Position | None:
    """Of a subject that is scaled, original is in the centre."""
    if text == "original":
        return None
    if text == "center":
        return CENTER
    shares = text.split()
    if len(shares) not in (1, 2) or not all(
        re.fullmatch(rf"{_NUMBER}%", share) and float(share[:-1]) <= 100 for share in shares
    ):
        raise RefusedError("invalid_position", "Give original, center, or one or two values of 0% to 100%.")
    across, *down = (round(float(share[:-1])) for share in shares)
    return Position(across, down[0] if down else across)


def _region(text: str) -> Region | None:
    """None for the whole image."""
    edges = [re.fullmatch(rf"({_NUMBER})(px|%)", each) for each in text.split()]
    if len(edges) != 4 or not all(edges):
        raise RefusedError("invalid_roi", "Give x1 y1 x2 y2, each in px or %.")
    lengths = [Length(round(float(edge[1])), "%" if edge[2] == "%" else "px") for edge in edges if edge]
    if any(length.unit == "%" and length.amount > 100 for length in lengths):
        raise RefusedError("roi_exceeds_bounds", "The given roi parameter defines a region that exceeds the image.")
    region = Region(*lengths)
    if any(
        near.unit == far.unit and near.amount >= far.amount
        for near, far in ((region.left, region.right), (region.top, region.bottom))
    ):
        raise RefusedError("roi_region_empty", "The given roi parameter defines an empty region.")
    return None if str(region) in ("0% 0% 100% 100%", "0px 0px 100% 100%") else region
