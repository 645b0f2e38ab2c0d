"""DynamoDB transactions, reads and values, as all stores use them."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.shared.dynamodb_deserializer import TypeDeserializer

from background_remover.domain.credit_errors import ContentionError
from background_remover.domain.request_errors import MalformedCursorError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        QueryInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
        WriteRequestTypeDef,
    )

Item = dict[str, Any]

WRITE_ATTEMPTS = 8
READ_ATTEMPTS = 4
READS_FOR_A_PAGE = 10
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
WRITES_AT_ONCE = 25
# A transaction is cancelled with one reason for each action:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_VERDICTS = {"None", "ConditionalCheckFailed"}
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}

# Bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_SORT_KEY = 1024

_deserializer = TypeDeserializer()


class TransactionRefusedError(Exception):
    """A condition of the transaction does not hold, so none of it was written.

    `found` has, for each action in order: None where its condition held, else the item that is there ({} for none).
    """

    def __init__(self, found: list[Item | None]) -> None:
        super().__init__("a condition of the transaction does not hold")
        self.found = found


def transact(
    client: DynamoDBClient,
    actions: Sequence[TransactWriteItemTypeDef],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Writes all or nothing, when the transactions that are in its way are over.

    Raises `TransactionRefusedError`, and `ContentionError` when the conflicts do not end.
    """
    try:
        _waiting_out_conflicts(client, lambda: client.transact_write_items(TransactItems=actions), sleep)
    except client.exceptions.TransactionCanceledException as error:
        reasons = error.response["CancellationReasons"]
        if not _VERDICTS.issuperset(reason["Code"] for reason in reasons):
            raise
        raise TransactionRefusedError(
            [None if reason["Code"] == "None" else from_item(reason.get("Item", {})) for reason in reasons]
        ) from error


def update(client: DynamoDBClient, action: UpdateTypeDef, *, sleep: Callable[[float], None] = time.sleep) -> Item:
    """Writes one item, when the transactions that are in its way are over, and returns it as it is then.

    Raises the client's `ConditionalCheckFailedException`, and `ContentionError` when the conflicts do not end.
    """
    answer = _waiting_out_conflicts(client, lambda: client.update_item(**action, ReturnValues="ALL_NEW"), sleep)
    return from_item(answer["Attributes"])


def update_if(client: DynamoDBClient, action: UpdateTypeDef) -> bool:
    """As `update`. Whether the condition of the action held, so that it was written."""
    try:
        update(client, action)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _waiting_out_conflicts[Answer](
    client: DynamoDBClient, write: Callable[[], Answer], sleep: Callable[[float], None]
) -> Answer:
    """Repeats with full jitter, for 7 s at the longest. botocore itself repeats after neither error.

    https://github.com/boto/botocore/blob/develop/botocore/retries/standard.py
    """
    for attempt in range(WRITE_ATTEMPTS):
        if attempt:
            sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
        try:
            return write()
        except client.exceptions.TransactionConflictException:
            continue
        except client.exceptions.TransactionCanceledException as error:
            # In the middle of another transaction a condition may fail that holds after it, so a conflict makes the
            # other reasons provisional.
            others = {reason["Code"] for reason in error.response["CancellationReasons"]} - _VERDICTS
            if not others or others - _PASSING:
                raise
    raise ContentionError("Too many simultaneous changes to this account. Nothing was changed: try again in a moment.")


def write_all(
    client: DynamoDBClient,
    table: str,
    requests: Sequence[WriteRequestTypeDef],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Puts and deletes without conditions, in any number and no order; some are done when it raises."""
    for start in range(0, len(requests), WRITES_AT_ONCE):
        rest: Sequence[Any] = requests[start : start + WRITES_AT_ONCE]
        for attempt in range(WRITE_ATTEMPTS):
            if attempt:
                sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
            rest = client.batch_write_item(RequestItems={table: rest})["UnprocessedItems"].get(table, [])
            if not rest:
                break
        else:
            raise ContentionError("The database takes no more writes. Try again in a moment.")


def creation(table: str, values: Mapping[str, object]) -> TransactWriteItemTypeDef:
    """The action, for a transaction, that writes a new item. Its condition fails where there is one of its key."""
    return {"Put": {"TableName": table, "Item": to_item(values), "ConditionExpression": "attribute_not_exists(pk)"}}


def to_item(values: Mapping[str, object]) -> Item:
    """Attribute values as the API takes them; attributes that are None are left out."""
    return {name: _to_attribute(value) for name, value in values.items() if value is not None}


def _to_attribute(value: object) -> dict[str, Any]:
    """The types that stored items have. boto3's own serializer is not used for the reason in `clients.py`.

    Raises `TypeError` for a value of another type, as a float, which DynamoDB would not give back as it was.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case str():
            return {"S": str(value)}
        case Mapping():
            return {"M": {name: _to_attribute(each) for name, each in value.items()}}
        case list() | tuple():
            return {"L": [_to_attribute(each) for each in value]}
        case set() | frozenset() if value and all(isinstance(each, str) for each in value):
            return {"SS": sorted(value)}
    raise TypeError(f"An item cannot hold a {type(value).__name__}")


def from_item(item: Mapping[str, Any]) -> Item:
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds: one width, so that conditions may compare instants as strings."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(item: Item, name: str) -> datetime | None:
    """The instant that an attribute holds, if it is there."""
    return datetime.fromisoformat(item[name]) if name in item else None


def find(client: DynamoDBClient, *, table: str, partition: str, sort_key: str) -> Item | None:
    """The item as it was last written; None where there is none."""
    if len(sort_key.encode()) > LONGEST_SORT_KEY:
        return None  # DynamoDB takes it for a mistake, and no item has such a key.
    key = to_item({"pk": partition, "sk": sort_key})
    item = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    return from_item(item) if item else None


def find_all(
    client: DynamoDBClient, *, table: str, keys: Sequence[Item], sleep: Callable[[float], None] = time.sleep
) -> list[Item]:
    """The items of up to 100 keys, as they were last written and in no order; those that are not there are left out."""
    items: list[Item] = []
    rest: Sequence[Any] = keys
    for attempt in range(READ_ATTEMPTS):
        if not rest:
            break
        if attempt:
            sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))
        answer = client.batch_get_item(RequestItems={table: {"Keys": rest, "ConsistentRead": True}})
        items += map(from_item, answer["Responses"].get(table, []))
        rest = answer["UnprocessedKeys"].get(table, {"Keys": []})["Keys"]
    if rest:
        raise ContentionError("The database takes no more reads. Try again in a moment.")
    return items


def query_page(
    client: DynamoDBClient,
    *,
    table: str,
    partition: str,
    prefix: str,
    newest_first: bool,
    limit: int,
    cursor: str | None,
    equal: Mapping[str, object] | None = None,
) -> tuple[list[Item], str | None]:
    """A page of the partition's items whose sort key begins with the prefix, and the cursor of the next page.

    `equal` filters by attributes. DynamoDB filters after it has read a page, so several are read to fill one; where
    matches are too rare for that the page is not full, and its cursor says that there may be more.
    Raises `MalformedCursorError` for a cursor that is not one of this list.
    """
    query: QueryInputTypeDef = {
        "TableName": table,
        "KeyConditionExpression": "pk = :partition AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": to_item({":partition": partition, ":prefix": prefix}),
        "ScanIndexForward": not newest_first,
        "ConsistentRead": True,
        "Limit": limit,
    }
    if cursor is not None:
        query["ExclusiveStartKey"] = _decode_cursor(cursor, partition=partition, prefix=prefix)
    if equal:
        query["FilterExpression"] = " AND ".join(f"#{name} = :{name}" for name in equal)
        query["ExpressionAttributeNames"] = {f"#{name}": name for name in equal}
        query["ExpressionAttributeValues"] = to_item(
            {":partition": partition, ":prefix": prefix, **{f":{name}": value for name, value in equal.items()}}
        )
    items: list[Item] = []
    for _ in range(READS_FOR_A_PAGE):
        page = client.query(**query)
        items += map(from_item, page["Items"])
        if len(items) > limit:
            return items[:limit], _encode_cursor(items[limit - 1]["sk"])
        if "LastEvaluatedKey" not in page:
            return items, None
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        if len(items) == limit:
            break
    return items, _encode_cursor(from_item(page["LastEvaluatedKey"])["sk"])


def _encode_cursor(sort_key: str) -> str:
    """Where a page ended, as an opaque token that only means something to `_decode_cursor`."""
    return base64.urlsafe_b64encode(sort_key.encode()).decode().rstrip("=")


def _decode_cursor(cursor: str, *, partition: str, prefix: str) -> Item:
    """The key to go on from, always inside the caller's own list."""
    try:
        sort_key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        sort_key.decode()
    except ValueError:
        sort_key = b""
    if not sort_key.startswith(prefix.encode()) or len(sort_key) > LONGEST_SORT_KEY:
        raise MalformedCursorError(
            "The cursor is not one that this list gave out. Leave it away to start from the first page."
        )
    return to_item({"pk": partition, "sk": sort_key.decode()})
