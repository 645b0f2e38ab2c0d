"""A secret from Secrets Manager, kept for as long as the container lives or until it turns out to be stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Secret:
    def __init__(self, client: SecretsManagerClient, *, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id
        self._value: str | None = None

    def value(self) -> str:
        if self._value is None:
            self._value = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
        return self._value

    def forget(self) -> None:
        """The next `value()` is read anew: the one in hand was refused, perhaps because it was rotated."""
        self._value = None
