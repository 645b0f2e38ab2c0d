"""What requests may carry, validated. Imported where a request has input: pydantic costs a cold start a third."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from background_remover.domain.errors import InvalidParameterError
from background_remover.domain.jobs import Colour, JobStatus, OutputFormat


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


class RemovalFields(Request):
    """What is asked of one image, whichever way it comes."""

    tier: str
    format: OutputFormat | None = None
    background: Annotated[Colour, BeforeValidator(_colour)] | None = None
    file_name: str | None = Field(default=None, min_length=1, max_length=255)

    @model_validator(mode="after")
    def _jpeg_has_a_background(self) -> Self:
        if self.format == "jpeg" and self.background is None:
            raise ValueError("format jpeg has no transparency: it needs a background, such as #ffffff")
        return self


class RemovalJson(RemovalFields):
    """`image` is the file in base64."""

    image: str


class PageQuery(Request):
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = None


class JobsQuery(PageQuery):
    status: JobStatus | None = None
    tier: Literal["basic", "standard", "professional", "industry"] | None = None


def validated[R: Request](kind: type[R], values: Mapping[str, Any] | None) -> R:
    """Raises `InvalidParameterError` with an entry in `errors` for each field at fault."""
    try:
        return kind.model_validate(values or {})
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])) or "body", "message": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InvalidParameterError(
            "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults), errors=faults
        ) from None
