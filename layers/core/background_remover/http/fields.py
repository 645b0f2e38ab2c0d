"""The kinds of values that fields of requests have."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from background_remover.domain.jobs import LARGEST_UPLOAD, Colour
from background_remover.domain.placement import CENTER, Length, Margin, Margins, Position, Region
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.public_url import LONGEST_URL, PublicUrl
from background_remover.domain.request_errors import ImageCountError
from background_remover.domain.subscriptions import PLANS, plan_named
from background_remover.domain.tiers import TIERS, tier_named

LARGEST_MARGIN = 99_999
LARGEST_MAX_SIZE = 99_999
SMALLEST_SCALE = 10
_LENGTH = "[0-9]{1,5}(px|%)?"
_MARGINS = f"^{_LENGTH}( {_LENGTH}( {_LENGTH} {_LENGTH})?)?$"
_PER_CENT = "(100|[0-9]{1,2})%"
_POSITION = f"^(original|center|{_PER_CENT}( {_PER_CENT})?)$"
_REGION = f"^{_LENGTH}( {_LENGTH}){{3}}$"


def _colour(value: object) -> object:
    """`#rrggbb` as numbers; anything else is left to the validation of `Colour`, which refuses it."""
    if isinstance(value, str) and len(value) == 7 and value.startswith("#"):
        try:
            return tuple(bytes.fromhex(value[1:]))
        except ValueError:
            return value
    raise ValueError("should be a colour such as #ffffff")


def _lengths[L: Length](kind: type[L], text: str) -> list[L]:
    return [kind(int(each.rstrip("px%")), "%" if each.endswith("%") else "px") for each in text.split(" ")]


def _margins(value: object) -> Margin | Margins:
    match value:
        case bool():
            pass
        case int() if 0 <= value <= LARGEST_MARGIN:
            return Margin(value)
        case str() if re.fullmatch(_MARGINS, value):
            match _lengths(Margin, value):
                case [everywhere]:
                    return everywhere
                case [upright, sideways]:
                    return Margins(upright, sideways, upright, sideways)
                case each:
                    return Margins(*each)
    raise ValueError("should be a margin such as 24px or 5%, two of them, or four")


def _scale(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(_PER_CENT, value) and int(value[:-1]) >= SMALLEST_SCALE:
        return int(value[:-1])
    raise ValueError(f"should be a share of the photo's frame from {SMALLEST_SCALE}% to 100%")


def _position(value: object) -> Position | Literal["original"]:
    if value == "original":
        return "original"
    if value == "center":
        return CENTER
    if isinstance(value, str) and re.fullmatch(_POSITION, value):
        across, *down = (int(each.rstrip("%")) for each in value.split(" "))
        return Position(across, down[0] if down else across)
    raise ValueError("should be original, center, or one or two shares such as 50% 100%")


def _region(value: object) -> Region:
    if isinstance(value, str) and re.fullmatch(_REGION, value):
        region = Region(*_lengths(Length, value))
        pairs = ((region.left, region.right), (region.top, region.bottom))
        if any(first.unit == last.unit and first.amount >= last.amount for first, last in pairs):
            raise ValueError("should begin at its left upper corner, and have an extent in both directions")
        return region
    raise ValueError("should be left, top, right and bottom, such as 10% 0px 90% 2000px")


def _flag(value: object) -> object:
    """Of the texts that pydantic takes for a boolean, a form or query may have two."""
    if isinstance(value, bool) or value in ("true", "false"):
        return value
    raise ValueError("should be true or false")


def _known_tier(name: str) -> str:
    return tier_named(name).name


def _known_plan(name: str) -> str:
    return plan_named(name).name


def _batch_size(images: int) -> int:
    """Raises `ImageCountError`."""
    if not 1 <= images <= LARGEST_BATCH:
        raise ImageCountError(f"A batch has 1 to {LARGEST_BATCH} images, not {images}.")
    return images


def some_files[File](files: list[File]) -> list[File]:
    _batch_size(len(files))
    return files


def _public_url(text: str) -> str:
    """Raises `AddressRefusedError`, which is a `ValueError`."""
    PublicUrl.parse(text)
    return text


def printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("should have printable characters only")
    return text


TierName = Annotated[
    str,
    Field(max_length=32),
    AfterValidator(_known_tier),
    WithJsonSchema({"type": "string", "enum": list(TIERS)}),
]
ColourName = Annotated[
    Colour,
    BeforeValidator(_colour),
    WithJsonSchema({"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}),
]
MarginsText = Annotated[
    Margin | Margins,
    PlainValidator(_margins),
    WithJsonSchema({"type": ["string", "integer"], "pattern": _MARGINS, "minimum": 0, "maximum": LARGEST_MARGIN}),
]
ScaleText = Annotated[int, PlainValidator(_scale), WithJsonSchema({"type": "string", "pattern": "^(100|[1-9][0-9])%$"})]
PositionText = Annotated[
    Position | Literal["original"],
    PlainValidator(_position),
    WithJsonSchema({"type": "string", "pattern": _POSITION}),
]
RegionText = Annotated[Region, PlainValidator(_region), WithJsonSchema({"type": "string", "pattern": _REGION})]
Flag = Annotated[bool, BeforeValidator(_flag)]
MaxSize = Annotated[int, Field(ge=1, le=LARGEST_MAX_SIZE)]
# A larger size is refused as an image that is too large, not as a field at fault.
Size = Annotated[int, Field(ge=1, json_schema_extra={"maximum": LARGEST_UPLOAD})]
Base64 = Annotated[str, WithJsonSchema({"type": "string", "format": "byte", "contentEncoding": "base64"})]
ImageUrl = Annotated[
    str,
    AfterValidator(_public_url),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": LONGEST_URL}),
]
PlanName = Annotated[
    str,
    Field(max_length=32),
    AfterValidator(_known_plan),
    WithJsonSchema({"type": "string", "enum": list(PLANS)}),
]
# Another number is refused as a number of images, not as a field at fault.
BatchSize = Annotated[
    int, AfterValidator(_batch_size), Field(json_schema_extra={"minimum": 1, "maximum": LARGEST_BATCH})
]
