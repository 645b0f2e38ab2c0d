"""What requests may carry, validated. Imported where a request has input: pydantic costs a cold start a third."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from background_remover.domain.api_keys import LONGEST_NAME
from background_remover.domain.errors import ImageCountError, InvalidParameterError, MalformedJsonError
from background_remover.domain.jobs import (
    LARGEST_UPLOAD,
    LONGEST_FILE_NAME,
    Colour,
    JobStatus,
    Options,
    OutputFormat,
    PhotoType,
)
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.subscriptions import PLANS, plan_named
from background_remover.domain.tiers import TIERS, tier_named

# Printable ASCII, of which 255 characters fit into DynamoDB's keys.
IDEMPOTENCY_KEY = "^[ -~]{0,255}$"
_FAULTS_NAMED = 20


class Request(BaseModel):
    """Fields in camelCase; a field that is not known is an error, so that a typo never goes unnoticed."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


def _colour(value: object) -> object:
    """`#rrggbb` as numbers; anything else is left to the validation of `Colour`, which refuses it."""
    if isinstance(value, str) and len(value) == 7 and value.startswith("#"):
        try:
            return tuple(bytes.fromhex(value[1:]))
        except ValueError:
            return value
    raise ValueError("should be a colour such as #ffffff")


def _known_tier(name: str) -> str:
    return tier_named(name).name


def _known_plan(name: str) -> str:
    return plan_named(name).name


def _batch_size(images: int) -> int:
    """Raises `ImageCountError`."""
    if not 1 <= images <= LARGEST_BATCH:
        raise ImageCountError(f"A batch has 1 to {LARGEST_BATCH} images, not {images}.")
    return images


def _some_files[File](files: list[File]) -> list[File]:
    _batch_size(len(files))
    return files


def _printable(text: str) -> str:
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


class RemovalFields(Request):
    """What is asked of one image, whichever way it comes."""

    tier: TierName
    format: OutputFormat | None = None
    background: ColourName | None = None
    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)


class RemovalJson(RemovalFields):
    """`POST /remove` for a photo in the JSON itself: `image` is the file in base64."""

    image: Base64


class UploadedJson(Request):
    """`POST /remove` for a photo that `POST /uploads` made room for, and that has been uploaded."""

    upload_id: str


class FileFields(Request):
    """A photo that is going to be uploaded. `size` in bytes."""

    content_type: PhotoType
    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size | None = None


class Rendering(Request):
    """What is asked of every image of the request."""

    tier: TierName
    format: OutputFormat = "png"
    background: ColourName | None = None

    def options(self) -> Options:
        """Raises `InvalidParameterError` for a JPEG without a background."""
        return options(self.format, self.background)


class UploadFields(Rendering, FileFields):
    """`POST /uploads`."""


class ManifestFile(FileFields):
    file_name: str = Field(min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size


class Manifest(Rendering):
    """`POST /batch`."""

    # Another number is refused as a number of images, not as a field at fault.
    files: Annotated[
        list[ManifestFile],
        AfterValidator(_some_files),
        Field(json_schema_extra={"minItems": 1, "maxItems": LARGEST_BATCH}),
    ]


class SubscriptionFields(Request):
    """`POST /subscription`: the plan, and a payment for it that the billing system has told of."""

    plan: PlanName
    payment_id: str = Field(min_length=1, max_length=200)


class PricingFields(Request):
    """`POST /pricing/calculate`."""

    total_images: BatchSize
    tier: TierName


class ApiKeyFields(Request):
    """`POST /api-keys`."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_printable)]


class PageQuery(Request):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


class JobsQuery(PageQuery):
    status: JobStatus | None = None
    tier: TierName | None = None


class ItemsQuery(PageQuery):
    limit: int = Field(default=100, ge=1, le=LARGEST_BATCH)


def options(output_format: OutputFormat, background: Colour | None) -> Options:
    """Raises `InvalidParameterError` for a JPEG without a background."""
    if output_format == "jpeg" and background is None:
        raise InvalidParameterError(
            "A JPEG has no transparency: say which background it shall have, such as #ffffff.",
            errors=[{"field": "background", "message": "is needed for a JPEG"}],
        )
    return Options(format=output_format, background=background)


def json_object(body: bytes) -> dict[str, Any]:
    """Raises `MalformedJsonError`."""
    try:
        # Not the standard library's, which takes half a surrogate pair for a character.
        values = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedJsonError(f"The body is not JSON, or nested too deeply: {error}") from None
    if not isinstance(values, dict):
        raise MalformedJsonError("The body is not a JSON object.")
    return cast("dict[str, Any]", values)


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """Raises `InvalidParameterError`."""
    key = headers.get("idempotency-key", "")
    if not re.fullmatch(IDEMPOTENCY_KEY, key):
        raise InvalidParameterError(
            "The Idempotency-Key is longer than 255 characters, or has others than those of printable ASCII.",
            errors=[{"field": "Idempotency-Key", "message": "is no key"}],
        )
    return key or None


def validated[R: Request](kind: type[R], values: Mapping[str, Any] | None) -> R:
    """Raises `InvalidParameterError` with an entry in `errors` for each field at fault, and `UnknownTierError`."""
    try:
        return kind.model_validate(values or {})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [
            {"field": ".".join(map(str, fault["loc"]))[:100] or "body", "message": fault["msg"]}
            for fault in found[:_FAULTS_NAMED]
        ]
        raise InvalidParameterError(
            "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults), errors=faults
        ) from None
