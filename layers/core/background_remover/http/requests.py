"""What requests may carry, validated. Imported where a request has input: pydantic costs a cold start a third."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from background_remover.domain.api_keys import LONGEST_NAME
from background_remover.domain.errors import InvalidParameterError, MalformedJsonError, NotAcceptableError
from background_remover.domain.jobs import LONGEST_FILE_NAME, JobStatus, Options, Output, OutputFormat
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.tiers import Tier
from background_remover.http.fields import (
    Base64,
    BatchSize,
    ColourName,
    Flag,
    MarginText,
    MaxSize,
    PlanName,
    Size,
    TierName,
    printable,
    some_files,
)

# Printable ASCII; 255 characters of it fit into DynamoDB's keys.
IDEMPOTENCY_KEY = "^[ -~]{0,255}$"
_FAULTS_NAMED = 20


class Request(BaseModel):
    """Fields in camelCase; a field that is not known is an error, so that a typo never goes unnoticed."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class OptionFields(Request):
    """How the result shall look; see `Options`."""

    format: OutputFormat | None = Field(default=None, description="By default what Accept asks for, or png.")
    background: ColourName | None = Field(default=None, description="Behind the cut-out. A JPEG needs one.")
    crop: MarginText | None = Field(
        default=None,
        description="To the subject with this margin, in px or in % of its larger side, as far as the photo goes.",
    )
    output: Output = Field(default="cutout", description="The cut-out, or its alpha as a grey image.")
    max_size: MaxSize | None = Field(
        default=None, description="The long edge of the result, in px. The photo is never enlarged."
    )
    lossless: Flag | None = Field(
        default=None, description="For WebP: by default lossless in tier industry, and lossy in the others."
    )

    def options(self, tier: Tier, accepted: OutputFormat | None = None) -> Options:
        """`accepted`: the one format that the caller's Accept header has use for.

        Raises `NotAcceptableError`, and `InvalidParameterError` where fields contradict each other.
        """
        if accepted and self.format not in (None, accepted):
            raise NotAcceptableError(f"The Accept header asks for {accepted}, the field format for {self.format}.")
        output_format = self.format or accepted or "png"
        self._require_consistency(output_format)
        return Options(
            format=output_format,
            background=self.background,
            crop=self.crop,
            output=self.output,
            max_size=self.max_size,
            lossless=output_format == "webp" and (tier.lossless if self.lossless is None else self.lossless),
        )

    def _require_consistency(self, output_format: OutputFormat) -> None:
        faults: dict[str, tuple[str, str]] = {}
        if self.output == "matte":
            if self.background is not None:
                faults["background"] = ("is not for a matte", "A matte is grey and has no background: leave it out.")
        elif output_format == "jpeg" and self.background is None:
            faults["background"] = (
                "is needed for a JPEG",
                "A JPEG has no transparency: say which background it shall have, such as #ffffff.",
            )
        if self.lossless is not None and output_format != "webp":
            faults["lossless"] = (
                "is for the format webp only",
                "Only a WebP can be either, lossless or not: a PNG always is, a JPEG never.",
            )
        if faults:
            raise InvalidParameterError(
                " ".join(detail for _, detail in faults.values()),
                errors=[{"field": field, "message": message} for field, (message, _) in faults.items()],
            )


class ImageFields(OptionFields):
    """What is asked of every image of a request."""

    tier: TierName


class RemovalFields(ImageFields):
    """What is asked of one image, whichever way it comes."""

    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)


class RemovalJson(RemovalFields):
    """`POST /remove` for a photo in the JSON itself: `image` is the file in base64."""

    image: Base64


class UploadedJson(Request):
    """`POST /remove` for a photo that `POST /uploads` made room for, and that has been uploaded."""

    upload_id: str


class FileFields(Request):
    """A photo that is going to be uploaded. `size` in bytes."""

    content_type: str | None = Field(
        default=None,
        max_length=255,
        description="A hint, as the browser gives it; the file's bytes decide what it is. "
        "Upload it with the Content-Type that the answer's form has.",
    )
    file_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size | None = None


class UploadFields(ImageFields, FileFields):
    """`POST /uploads`."""


class ManifestFile(FileFields):
    file_name: str = Field(min_length=1, max_length=LONGEST_FILE_NAME)
    size: Size


class Manifest(ImageFields):
    """`POST /batch`."""

    # Another number is refused as a number of images, not as a field at fault.
    files: Annotated[
        list[ManifestFile],
        AfterValidator(some_files),
        Field(json_schema_extra={"minItems": 1, "maxItems": LARGEST_BATCH}),
    ]


class RenderFields(OptionFields):
    """`POST /jobs/{jobId}/render`. `refinement` names the tier whose refinement is used."""

    refinement: TierName | None = Field(
        default=None, description="The job's tier or one below it; by default the tier that was delivered."
    )


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

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(printable)]


class PageQuery(Request):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


class JobsQuery(PageQuery):
    status: JobStatus | None = None
    tier: TierName | None = None


class ItemsQuery(PageQuery):
    limit: int = Field(default=100, ge=1, le=LARGEST_BATCH)


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


def validated_json[R: Request](kind: type[R], values: Mapping[str, Any]) -> R:
    """As `validated`, for values that have types: the text of a number is no number."""
    return _validated(kind, values, strict=True)


def validated[R: Request](kind: type[R], values: Mapping[str, str]) -> R:
    """A form's or query's values, numbers among them as text.

    Raises `InvalidParameterError` with an entry in `errors` for each field at fault, and `UnknownTierError`.
    """
    return _validated(kind, values, strict=False)


def _validated[R: Request](kind: type[R], values: Mapping[str, Any], *, strict: bool) -> R:
    try:
        return kind.model_validate(values, strict=strict)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [
            {"field": ".".join(map(str, fault["loc"]))[:100] or "body", "message": fault["msg"]}
            for fault in found[:_FAULTS_NAMED]
        ]
        raise InvalidParameterError(
            "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults), errors=faults
        ) from None
