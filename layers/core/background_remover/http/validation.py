"""Validates what a request carries. Imported where a request has input: pydantic costs a cold start a third."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from background_remover.domain.request_errors import InvalidParameterError, MalformedJsonError

_FAULTS_NAMED = 20
# Kinds of a batch's files: pydantic has them in the path of a fault, where they tell a caller nothing.
UPLOADED = "(uploaded)"
BY_URL = "(by URL)"


class Request(BaseModel):
    """Fields in camelCase; a field that is not known is an error, so that a typo never goes unnoticed."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


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
        faults = [{"field": _path(fault["loc"]), "message": fault["msg"]} for fault in found[:_FAULTS_NAMED]]
        raise InvalidParameterError(
            "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults), errors=faults
        ) from None


def _path(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts if part not in (UPLOADED, BY_URL))[:100] or "body"
