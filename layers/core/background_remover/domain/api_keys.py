"""API keys: a prefix that tells them from JWTs, and 256 random bits, of which only the SHA-256 is kept.

So much randomness needs neither salt nor stretching. As nobody can find the key of a given SHA-256, that is its id too.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

PREFIX = "brp_"
ENTROPY_BYTES = 32

MOST_KEYS = 20
"""How many keys a user may have at a time."""

LONGEST_NAME = 64
"""Characters."""

USE_RECORDED_EVERY = timedelta(hours=1)
"""By how much a key's last use may lag behind: recording each would cost every request a write."""

_RECOGNISABLE = len(PREFIX) + 8
_KEY_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of a key. `beginning` is what its owner recognises it by."""

    key_id: str
    user_id: str
    name: str
    beginning: str
    created_at: datetime
    last_used_at: datetime | None = None

    @classmethod
    def of(cls, key: str, *, user_id: str, name: str, created_at: datetime) -> Self:
        return cls(key_id=digest(key), user_id=user_id, name=name, beginning=key[:_RECOGNISABLE], created_at=created_at)

    def is_use_to_be_recorded(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= USE_RECORDED_EVERY


def api_key(entropy: bytes) -> str:
    """`entropy` is `ENTROPY_BYTES` of it."""
    return PREFIX + base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def is_key_id(text: str) -> bool:
    """Whether there could be a key of that id."""
    return _KEY_ID.fullmatch(text) is not None
