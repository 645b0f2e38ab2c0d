"""What has not ended by its deadline: jobs and batches in the sparse index of the jobs table.

Items that ended have left it, so that looking takes a few small queries however many jobs there are.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.gateways.dynamodb import from_item, instant, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "OverdueIndex"

# A partition takes 1,000 writes a second:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
_SHARDS = 4


def shard(identifier: str) -> str:
    return str(zlib.crc32(identifier.encode()) % _SHARDS)


@dataclass(frozen=True, slots=True)
class Overdue:
    """The key of an item in the jobs table."""

    user_id: str
    sort_key: str


class OverdueIndex:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def before(self, now: datetime, *, limit: int, kind: str = "") -> list[Overdue]:
        """Up to `limit` of each shard, the longest overdue first. They may have ended meanwhile: the index lags.

        Jobs and batches, or what is of another `kind`, as whose shards begin.
        """
        found = [
            item
            for number in range(_SHARDS)
            for item in self._client.query(
                TableName=self._table,
                IndexName=INDEX,
                KeyConditionExpression="dueShard = :shard AND dueAt < :now",
                ExpressionAttributeValues=to_item({":shard": f"{kind}{number}", ":now": instant(now)}),
                Limit=limit,
            )["Items"]
        ]
        keys = sorted(map(from_item, found), key=lambda item: item["dueAt"])
        return [Overdue(item["pk"], item["sk"]) for item in keys]
