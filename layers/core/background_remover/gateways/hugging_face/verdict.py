"""What Hugging Face's answer means: go on, come back later, an operator's fault, or a refusal of this image."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from background_remover.domain.errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
)

COLD_START_SECONDS = 20.0
"""How long a cold model takes that does not say how long it will take."""

LONGEST_WAIT = 900.0
MISCONFIGURED_WAIT = 60.0
UNSPECIFIED = 0.0
"""Hugging Face did not say when to come back: the caller's own back-off decides."""

_TURNED_AWAY = frozenset({408, 429, 503})
_FAILED_UNDERWAY = frozenset({500, 502, 504})
# "Model X is not supported by provider hf-inference": the address is wrong, not the image.
_NOT_SUPPORTED = re.compile(r"not supported", re.IGNORECASE)
# https://huggingface.co/docs/hub/rate-limits: RateLimit: "api";r=[remaining];t=[seconds until reset]
_RATE_LIMIT_RESET = re.compile(r"\bt=(\d+)")
_EXCERPT = 200


class OutcomeUnknownError(InferenceUnavailableError):
    """Nobody can tell whether the request was taken: the answer was lost on the way, or failed behind a gateway."""


class UnauthorizedError(InferenceMisconfiguredError):
    """A 401: perhaps only our copy of the token is old."""


class NothingThereError(InferenceMisconfiguredError):
    """A 404 or 410: the address is wrong, or what it stood for is gone."""


def raise_for(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Returns for a 2xx.

    Raises `InferenceUnavailableError`, `InferenceMisconfiguredError` or `InferenceRefusedError` for all else.
    """
    # 202 is what polls get while a request waits: https://fal.ai/docs/api-reference/inference-api
    if 200 <= status < 300:
        return
    message = _message(body)
    detail = f"Hugging Face answered {status}: {message}"
    if status in _TURNED_AWAY:
        raise InferenceUnavailableError(detail, retry_after=_wait(headers, body, message))
    if status in _FAILED_UNDERWAY:
        raise OutcomeUnknownError(detail, retry_after=_wait(headers, body, message))
    if status == 401:
        raise UnauthorizedError(detail, retry_after=MISCONFIGURED_WAIT)
    if status in (404, 410):
        raise NothingThereError(detail, retry_after=MISCONFIGURED_WAIT)
    if status in (402, 403) or (status == 400 and _NOT_SUPPORTED.search(message)) or 300 <= status < 400:
        raise InferenceMisconfiguredError(detail, retry_after=MISCONFIGURED_WAIT)
    raise InferenceRefusedError(f"Hugging Face refused this image with {status}: {message}")


def estimated_seconds(body: bytes) -> float | None:
    """`estimated_time` of a model that is loading, which Hugging Face sends with more than one status."""
    match _json(body):
        # True is an int as well.
        case {"estimated_time": int() | float() as estimate} if not isinstance(estimate, bool):
            return _bounded(estimate)
        case _:
            return None


def excerpt(body: bytes) -> str:
    """The beginning of an answer, for messages."""
    return body[:_EXCERPT].decode(errors="replace")


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


def _message(body: bytes) -> str:
    match _json(body):
        case {"error": str(error)}:
            return error[:_EXCERPT]
        case _:
            return excerpt(body)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
