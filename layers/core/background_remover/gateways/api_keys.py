"""API keys: `brp_` and 43 random characters. Their SHA-256 is stored; 256 random bits need no salt or stretching."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.gateways.dynamodb import from_item, instant, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX = "brp_"
ENTROPY_BYTES = 32


class ApiKeys:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def create(self, user_id: str, *, name: str, entropy: bytes, now: datetime) -> str:
        """A new key of the user's, shown this once. `entropy` is `ENTROPY_BYTES` of it."""
        key = PREFIX + base64.urlsafe_b64encode(entropy).decode().rstrip("=")
        record = {"pk": _digest(key), "userId": user_id, "name": name, "createdAt": instant(now)}
        self._client.put_item(
            TableName=self._table, Item=to_item(record), ConditionExpression="attribute_not_exists(pk)"
        )
        return key

    def owner(self, key: str) -> str | None:
        """Whose key it is; None for a key that is unknown."""
        answer = self._client.get_item(TableName=self._table, Key=to_item({"pk": _digest(key)}))
        return from_item(answer["Item"])["userId"] if "Item" in answer else None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
