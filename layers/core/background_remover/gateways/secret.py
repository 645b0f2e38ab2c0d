"""A secret from Secrets Manager, kept for as long as the container lives or until it turns out to be stale."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Secret:
    """Safe to share between threads."""

    def __init__(self, client: SecretsManagerClient, *, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id
        self._value: str | None = None
        self._lock = threading.Lock()

    def value(self) -> str:
        """Without the white space around it that a pasted secret brings along. Raises botocore's errors."""
        with self._lock:
            if self._value is None:
                self._value = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"].strip()
            return self._value

    def forget(self, refused: str) -> None:
        """The next `value()` is read anew, unless another thread has replaced the refused one already."""
        with self._lock:
            if self._value == refused:
                self._value = None
