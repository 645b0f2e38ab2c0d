"""What Hugging Face's answer means: go on, come back later, an operator's fault, or a refusal of this image.

What is none of the others is an outage. Only an answer that says so refuses this image, and ends its job.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from background_remover.domain.inference_errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
)
from background_remover.gateways.hugging_face.courses import ERRORS, OutcomeUnknownError, RequestGivenUpError
from background_remover.gateways.hugging_face.excerpts import excerpt, told

COLD_START_SECONDS = 20.0
"""How long a cold model takes that does not say how long it will take."""

LONGEST_WAIT = 900.0
MISCONFIGURED_WAIT = 60.0
UNSPECIFIED = 0.0
"""Hugging Face did not say when to come back: the caller's own back-off decides."""

_BAD_REQUESTS = frozenset({400, 422})
# "Model X is not supported by provider hf-inference": the address is wrong, not the image.
_NOT_SUPPORTED = re.compile(r"not supported", re.IGNORECASE)
# A dedicated endpoint answers whatever goes wrong in its model with 400:
# https://github.com/huggingface/huggingface-inference-toolkit/blob/main/src/huggingface_inference_toolkit/webservice_starlette.py
# And so does fal's queue where a result is asked for too early.
_NO_FAULT_OF_THE_IMAGE = re.compile(r"\bCUDA\b|out of memory|still in progress", re.IGNORECASE)
# https://fal.ai/docs/documentation/model-apis/errors; the first of them comes with 400 as well.
_PASSING_MODEL_ERRORS = frozenset(
    {"downstream_service_error", "downstream_service_unavailable", "generation_timeout", "internal_server_error"}
)
# https://huggingface.co/docs/hub/rate-limits: RateLimit: "api";r=[remaining];t=[seconds until reset]
_RATE_LIMIT_RESET = re.compile(r"\bt=(\d+)")


def raise_for(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Returns for a 2xx.

    Raises `InferenceUnavailableError`, `InferenceMisconfiguredError` or `InferenceRefusedError` for all else.
    """
    # 202 is what polls get while a request waits: https://fal.ai/docs/api-reference/inference-api
    if 200 <= status < 300:
        return
    content = _json(body)
    message = _message(content, body)
    detail = f"Hugging Face answered {status}: {message}"
    error = ERRORS.get(status, OutcomeUnknownError)
    if status == 400 and _NOT_SUPPORTED.search(message):
        error = InferenceMisconfiguredError
    if issubclass(error, InferenceMisconfiguredError):
        raise error(detail, retry_after=MISCONFIGURED_WAIT)
    if _is_given_up(status, content):
        raise RequestGivenUpError(detail, retry_after=UNSPECIFIED)
    if status in _BAD_REQUESTS and _speaks_of_the_image(content, message):
        error = InferenceRefusedError
    if issubclass(error, InferenceUnavailableError):
        raise error(detail, retry_after=_wait(headers, body, message))
    raise InferenceRefusedError(f"Hugging Face refused this image with {status}: {message}")


def metric_of(status: int) -> str | None:
    """The metric that counts such answers, besides the one of all answers."""
    match status:
        case 429:
            return "HuggingFace429"
        case 503:
            return "HuggingFace503"
        case _ if status >= 500:
            return "HuggingFaceOther5xx"
        case _:
            return None


def estimated_seconds(body: bytes) -> float | None:
    """`estimated_time` of a model that is loading, which Hugging Face sends with more than one status."""
    match _json(body):
        # True is an int as well.
        case {"estimated_time": int() | float() as estimate} if not isinstance(estimate, bool):
            return _bounded(estimate)
        case _:
            return None


def _is_given_up(status: int, content: object) -> bool:
    """By fal's two kinds of errors: any of the request's, and those of the model's that say nothing of the image."""
    match content:
        # https://fal.ai/docs/documentation/model-apis/request-errors
        case {"detail": str(), "error_type": str()}:
            return True
        case {"detail": [{"type": str(kind)}, *_]}:
            return status >= 500 or kind in _PASSING_MODEL_ERRORS
        case _:
            return False


def _speaks_of_the_image(content: object, message: str) -> bool:
    """As a model does; the page of a gateway knows nothing of it."""
    return isinstance(content, dict) and not _NO_FAULT_OF_THE_IMAGE.search(message)


def _wait(headers: Mapping[str, str], body: bytes, message: str) -> float:
    wait = _retry_after(headers.get("Retry-After", ""))
    if wait is None and (resets := _RATE_LIMIT_RESET.findall(headers.get("RateLimit", ""))):
        # One for each policy; all of them have to let us through.
        wait = max(map(float, resets))
    if wait is None:
        wait = estimated_seconds(body)
    if wait is None and "loading" in message.lower():
        wait = COLD_START_SECONDS
    return UNSPECIFIED if wait is None else _bounded(wait)


def _bounded(seconds: float) -> float:
    # In this order NaN, which JSON may hold, becomes 0, and an integer too large for a float is never made one.
    return float(min(max(0.0, seconds), LONGEST_WAIT))


def _retry_after(value: str) -> float | None:
    """Seconds or a date: RFC 9110, section 10.2.3."""
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


def _message(content: object, body: bytes) -> str:
    match content:
        case {"error": str(message)} | {"detail": str(message)} | {"detail": [{"msg": str(message)}, *_]}:
            return told(message)
        case _:
            return excerpt(body)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
