"""What an Idempotency-Key made, remembered in the jobs table beside it: `{pk: user, sk: "idempotency#<key>"}`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.gateways.dynamodb import find, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """`fingerprint` identifies the request's body; the same key with another fingerprint is refused."""

    key: str
    fingerprint: str


def remembering(
    idempotency: IdempotencyKey, *, table: str, user_id: str, made: str, now: datetime
) -> TransactWriteItemTypeDef:
    """The action, for a transaction, that remembers the id of what was made.

    Its condition fails, with the earlier record found, where the key was used before.
    """
    return {
        "Put": {
            "TableName": table,
            "Item": to_item(
                {
                    "pk": user_id,
                    "sk": _sort_key(idempotency),
                    "fingerprint": idempotency.fingerprint,
                    "made": made,
                    "retireAt": int((now + WINDOW).timestamp()),
                }
            ),
            # DynamoDB deletes expired items late, so an expired record may still be there: it does not count.
            "ConditionExpression": "attribute_not_exists(pk) OR retireAt < :now",
            "ExpressionAttributeValues": to_item({":now": int(now.timestamp())}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def made_before(record: dict[str, Any], idempotency: IdempotencyKey | None) -> str:
    """The id that an earlier request made, of which `record` was found. Raises `IdempotencyKeyReusedError`."""
    if idempotency is None or record["fingerprint"] != idempotency.fingerprint:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key was used for a request with another body. Use a new key for a new request."
        )
    made: str = record["made"]
    return made


def made_lately(
    client: DynamoDBClient, idempotency: IdempotencyKey, *, table: str, user_id: str, now: datetime
) -> str | None:
    """The id that an earlier request made, None if there is none: to spare a repeat its work.

    Only the condition of `remembering` decides. Raises `IdempotencyKeyReusedError`.
    """
    record = find(client, table=table, partition=user_id, sort_key=_sort_key(idempotency))
    if record is None or record["retireAt"] < int(now.timestamp()):
        return None
    return made_before(record, idempotency)


def _sort_key(idempotency: IdempotencyKey) -> str:
    return f"idempotency#{idempotency.key}"
