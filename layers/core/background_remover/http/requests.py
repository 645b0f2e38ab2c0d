"""What requests may carry, validated. Imported where a request has input: pydantic costs a cold start a third."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from background_remover.domain.errors import InvalidParameterError
from background_remover.domain.jobs import Colour, JobStatus, OutputFormat
from background_remover.domain.tiers import tier_named

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


TierName = Annotated[str, Field(max_length=32), AfterValidator(_known_tier)]


class RemovalFields(Request):
    """What is asked of one image, whichever way it comes."""

    tier: TierName
    format: OutputFormat | None = None
    background: Annotated[Colour, BeforeValidator(_colour)] | None = None
    file_name: str | None = Field(default=None, min_length=1, max_length=255)


class RemovalJson(RemovalFields):
    """`image` is the file in base64."""

    image: str


class PageQuery(Request):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


class JobsQuery(PageQuery):
    status: JobStatus | None = None
    tier: TierName | None = None


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
