"""A secret from Secrets Manager, kept for as long as the container lives or until it turns out to be stale."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

RENEWAL_PAUSE = 60.0
"""Seconds between two readings of a value that is refused."""


class Secret:
    """Safe to share between threads. `clock` in seconds."""

    def __init__(
        self, client: SecretsManagerClient, *, secret_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret_id = secret_id
        self._clock = clock
        self._value: str | None = None
        self._renewed_at = -math.inf
        self._lock = threading.Lock()

    def value(self) -> str:
        """Without the white space around it that a pasted secret brings along. Raises botocore's errors."""
        with self._lock:
            if self._value is None:
                self._value = self._read()
            return self._value

    def other_than(self, refused: str) -> str | None:
        """The value in place of one that was refused, None where there is no other.

        It is read anew for that, once a minute at most. Raises botocore's errors.
        """
        with self._lock:
            if self._value == refused and self._clock() - self._renewed_at >= RENEWAL_PAUSE:
                self._renewed_at = self._clock()
                self._value = self._read()
            return self._value if self._value != refused else None

    def _read(self) -> str:
        return self._client.get_secret_value(SecretId=self._secret_id)["SecretString"].strip()
