"""What the headers of a request ask for."""

import re
from collections.abc import Mapping

from background_remover.domain.request_errors import InvalidParameterError

# Printable ASCII; 255 characters of it fit into DynamoDB's keys.
IDEMPOTENCY_KEY = "^[ -~]{0,255}$"


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """Raises `InvalidParameterError`."""
    key = headers.get("idempotency-key", "")
    if not re.fullmatch(IDEMPOTENCY_KEY, key):
        raise InvalidParameterError(
            "The Idempotency-Key is longer than 255 characters, or has others than those of printable ASCII.",
            errors=[{"field": "Idempotency-Key", "message": "is no key"}],
        )
    return key or None


def asks_anew(headers: Mapping[str, str]) -> bool:
    """Whether an inference is wanted even if the matte is known: https://www.rfc-editor.org/rfc/rfc9111#name-no-cache"""
    return "no-cache" in {each.strip().lower() for each in headers.get("cache-control", "").split(",")}
