"""What an HTTP answer of Hugging Face's means: go on, come back later, an operator's fault, or a refusal of this image."""

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

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_OPERATORS_FAULT = frozenset({401, 402, 403, 404, 410})
# "Model X is not supported by provider hf-inference": the address is wrong, not the image.
_NOT_SUPPORTED = re.compile(r"not supported", re.IGNORECASE)
# https://huggingface.co/docs/hub/rate-limits: RateLimit: "api";r=[remaining];t=[seconds until reset]
_RATE_LIMIT_RESET = re.compile(r"\bt=(\d+)")


def raise_for(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Returns for a 200.

    Raises `InferenceUnavailableError`, `InferenceMisconfiguredError` or `InferenceRefusedError` for all else.
    """
    if status == 200:
        return
    message = _message(body)
    if status in _PASSING:
        raise InferenceUnavailableError(
            f"Hugging Face answered {status}: {message}", retry_after=_wait(headers, body, message)
        )
    if status in _OPERATORS_FAULT or (status == 400 and _NOT_SUPPORTED.search(message)) or 300 <= status < 400:
        raise InferenceMisconfiguredError(f"Hugging Face answered {status}: {message}", retry_after=MISCONFIGURED_WAIT)
    raise InferenceRefusedError(f"Hugging Face refused this image with {status}: {message}")


def estimated_seconds(body: bytes) -> float | None:
    """`estimated_time` of a model that is loading, which Hugging Face sends with more than one status."""
    answer = _json(body)
    estimate = answer.get("estimated_time") if isinstance(answer, dict) else None
    return float(estimate) if isinstance(estimate, int | float) else None


def _wait(headers: Mapping[str, str], body: bytes, message: str) -> float:
    wait = _retry_after(headers.get("Retry-After", ""))
    if wait is None and (reset := _RATE_LIMIT_RESET.search(headers.get("RateLimit", ""))):
        wait = float(reset[1])
    if wait is None:
        wait = estimated_seconds(body)
    if wait is None and "loading" in message.lower():
        wait = COLD_START_SECONDS
    return UNSPECIFIED if wait is None else min(max(wait, 0.0), LONGEST_WAIT)


def _retry_after(value: str) -> float | None:
    """Seconds or a date: RFC 9110, section 10.2.3."""
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None


def _message(body: bytes) -> str:
    answer = _json(body)
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    return str(error if error is not None else body[:200].decode(errors="replace"))[:200]


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None
