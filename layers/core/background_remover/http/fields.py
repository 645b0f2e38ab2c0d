"""The kinds of values that fields of requests have."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from background_remover.domain.errors import ImageCountError
from background_remover.domain.jobs import LARGEST_UPLOAD, Colour, Margin
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.subscriptions import PLANS, plan_named
from background_remover.domain.tiers import TIERS, tier_named

LARGEST_MARGIN = 99_999
LARGEST_MAX_SIZE = 99_999
_MARGIN = "^[0-9]{1,5}(px|%)?$"


def _colour(value: object) -> object:
    """`#rrggbb` as numbers; anything else is left to the validation of `Colour`, which refuses it."""
    if isinstance(value, str) and len(value) == 7 and value.startswith("#"):
        try:
            return tuple(bytes.fromhex(value[1:]))
        except ValueError:
            return value
    raise ValueError("should be a colour such as #ffffff")


def _margin(value: object) -> Margin:
    match value:
        case bool():
            pass
        case int() if 0 <= value <= LARGEST_MARGIN:
            return Margin(value)
        case str() if re.fullmatch(_MARGIN, value):
            return Margin(int(value.rstrip("px%")), "%" if value.endswith("%") else "px")
    raise ValueError("should be a margin such as 24px or 5%")


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
MarginText = Annotated[
    Margin,
    PlainValidator(_margin),
    WithJsonSchema({"type": ["string", "integer"], "pattern": _MARGIN, "minimum": 0, "maximum": LARGEST_MARGIN}),
]
Flag = Annotated[bool, BeforeValidator(_flag)]
MaxSize = Annotated[int, Field(ge=1, le=LARGEST_MAX_SIZE)]
# A larger size is refused as an image that is too large, not as a field at fault.
Size = Annotated[int, Field(ge=1, json_schema_extra={"maximum": LARGEST_UPLOAD})]
Base64 = Annotated[str, WithJsonSchema({"type": "string", "format": "byte", "contentEncoding": "base64"})]
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
