"""API keys in their table: `{pk: key id, userId, name, …}`; and `{pk: "user#<id>", keyIds}`, which lists a user's."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.account_errors import ApiKeyNotFoundError, TooManyApiKeysError
from background_remover.domain.api_keys import MOST_KEYS, USE_RECORDED_EVERY, ApiKey, is_key_id
from background_remover.gateways.dynamodb import (
    Item,
    TransactionRefusedError,
    creation,
    find_all,
    from_item,
    instant,
    instant_of,
    to_item,
    transact,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


class ApiKeys:
    """Every read is consistent: a key that was made is there, one that was revoked is not."""

    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, key: ApiKey) -> None:
        """Raises `TooManyApiKeysError`."""
        put = creation(self._table, _values(key))
        listing: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _list_key(key.user_id),
                "UpdateExpression": "ADD keyIds :added",
                "ConditionExpression": "attribute_not_exists(keyIds) OR size(keyIds) < :most",
                "ExpressionAttributeValues": to_item({":added": {key.key_id}, ":most": MOST_KEYS}),
            }
        }
        try:
            transact(self._client, [put, listing])
        except TransactionRefusedError as refusal:
            if refusal.found[1] is None:
                raise
            raise TooManyApiKeysError(
                f"You have {MOST_KEYS} API keys, the most there may be. Revoke one first."
            ) from None

    def find(self, key_id: str) -> ApiKey | None:
        item = self._item(to_item({"pk": key_id}))
        return _from_item(item) if item else None

    def of_user(self, user_id: str) -> list[ApiKey]:
        """Newest first."""
        listed = self._item(_list_key(user_id)) or {}
        keys = [to_item({"pk": key_id}) for key_id in listed.get("keyIds", ())]
        found = map(_from_item, find_all(self._client, table=self._table, keys=keys))
        return sorted(found, key=lambda key: key.created_at, reverse=True)

    def revoke(self, *, user_id: str, key_id: str) -> None:
        """Raises `ApiKeyNotFoundError` for a key that is unknown or somebody else's."""
        refusal = ApiKeyNotFoundError("You have no such API key.")
        if not is_key_id(key_id):
            raise refusal
        delete: TransactWriteItemTypeDef = {
            "Delete": {
                "TableName": self._table,
                "Key": to_item({"pk": key_id}),
                "ConditionExpression": "userId = :user",
                "ExpressionAttributeValues": to_item({":user": user_id}),
            }
        }
        listing: TransactWriteItemTypeDef = {
            "Update": {
                "TableName": self._table,
                "Key": _list_key(user_id),
                "UpdateExpression": "DELETE keyIds :removed",
                "ExpressionAttributeValues": to_item({":removed": {key_id}}),
            }
        }
        try:
            transact(self._client, [delete, listing])
        except TransactionRefusedError:
            raise refusal from None

    def record_use(self, key: ApiKey, now: datetime) -> None:
        """Does nothing for a key that was revoked meanwhile, or whose use another request has just recorded."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"pk": key.key_id}),
                UpdateExpression="SET lastUsedAt = :now",
                ConditionExpression=(
                    "attribute_exists(pk) AND (attribute_not_exists(lastUsedAt) OR lastUsedAt <= :longAgo)"
                ),
                ExpressionAttributeValues=to_item(
                    {":now": instant(now), ":longAgo": instant(now - USE_RECORDED_EVERY)}
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _item(self, key: Item) -> Item | None:
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return from_item(item) if item else None


def _list_key(user_id: str) -> Item:
    return to_item({"pk": f"user#{user_id}"})


def _values(key: ApiKey) -> dict[str, object]:
    return {
        "pk": key.key_id,
        "userId": key.user_id,
        "name": key.name,
        "beginning": key.beginning,
        "createdAt": instant(key.created_at),
        "lastUsedAt": instant(key.last_used_at) if key.last_used_at else None,
    }


def _from_item(item: Item) -> ApiKey:
    return ApiKey(
        key_id=item["pk"],
        user_id=item["userId"],
        name=item["name"],
        beginning=item["beginning"],
        created_at=datetime.fromisoformat(item["createdAt"]),
        last_used_at=instant_of(item, "lastUsedAt"),
    )
