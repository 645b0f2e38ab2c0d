"""API keys in their table: `{pk: digest, userId, name, createdAt}`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.api_keys import api_key, digest
from background_remover.gateways.dynamodb import from_item, instant, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ApiKeys:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def create(self, user_id: str, *, name: str, entropy: bytes, now: datetime) -> str:
        """A new key of the user's, shown this once."""
        key = api_key(entropy)
        record = {"pk": digest(key), "userId": user_id, "name": name, "createdAt": instant(now)}
        self._client.put_item(
            TableName=self._table, Item=to_item(record), ConditionExpression="attribute_not_exists(pk)"
        )
        return key

    def owner(self, key: str) -> str | None:
        """Whose key it is; None for a key that is unknown."""
        answer = self._client.get_item(TableName=self._table, Key=to_item({"pk": digest(key)}))
        return from_item(answer["Item"])["userId"] if "Item" in answer else None

    def revoke(self, key: str) -> None:
        """From now on the key is unknown, except to API Gateway's cache of decisions, for a minute."""
        self._client.delete_item(TableName=self._table, Key=to_item({"pk": digest(key)}))
