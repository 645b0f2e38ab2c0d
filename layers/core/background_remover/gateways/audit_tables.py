"""The tables that the audit walks through, page by page, and where it goes on: `{pk: "audit", sk: "position"}`.

The position lies in the subscriptions table, which the audit does not look at: it can write to nothing that it audits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from background_remover.gateways.dynamodb import Item, find, from_item, to_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

AuditedTable = Literal["credits", "jobs"]

PAGE = 500
"""Items. The largest are jobs, with about 1 KB."""

# Of all that is read these alone are sent. "status" is a reserved word.
_ATTRIBUTES = {
    "credits": "pk, sk, available, held, #reference",
    "jobs": "pk, sk, #status, price, batchId, createdAt, charged, released",
}
_RESERVED = {"credits": {"#reference": "reference"}, "jobs": {"#status": "status"}}


@dataclass(frozen=True, slots=True)
class Key:
    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to `after` has been looked at; None before the table's first item."""

    table: AuditedTable = "credits"
    after: Key | None = None


class AuditTables:
    def __init__(
        self,
        client: DynamoDBClient,
        *,
        credits_table: str,
        jobs_table: str,
        subscriptions_table: str,
        page_size: int = PAGE,
    ) -> None:
        self._client = client
        self._names = {"credits": credits_table, "jobs": jobs_table}
        self._positions = subscriptions_table
        self._page_size = page_size

    def pages(self, start: Position) -> Iterator[list[Item]]:
        """The items of a partition come one after the other. What is read may be a moment old."""
        after: dict[str, Any] = {"ExclusiveStartKey": to_item(asdict(start.after))} if start.after else {}
        while True:
            page = self._client.scan(
                TableName=self._names[start.table],
                ProjectionExpression=_ATTRIBUTES[start.table],
                ExpressionAttributeNames=_RESERVED[start.table],
                Limit=self._page_size,
                **after,
            )
            yield [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def position(self) -> Position:
        item = find(self._client, table=self._positions, partition="audit", sort_key="position")
        if item is None:
            return Position()
        return Position(item["auditedTable"], Key(**item["after"]) if "after" in item else None)

    def remember(self, position: Position) -> None:
        values = {
            "pk": "audit",
            "sk": "position",
            "auditedTable": position.table,
            "after": asdict(position.after) if position.after else None,
        }
        self._client.put_item(TableName=self._positions, Item=to_item(values))
