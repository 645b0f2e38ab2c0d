"""A user's statistics in the jobs table, counted as jobs end: `{pk: user, sk: "statistics"}`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import JobStatus
from background_remover.domain.statistics import Statistics, bucket_of
from background_remover.gateways.dynamodb import find, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.domain.jobs import Job

_STATISTICS = "statistics"
_DURATION = "took#"


class StatisticsStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def of(self, user_id: str) -> Statistics:
        item = find(self._client, table=self._table, partition=user_id, sort_key=_STATISTICS) or {}
        ended, durations = {}, {}
        for name, number in item.items():
            kind, _, rest = name.partition("#")
            if name.startswith(_DURATION):
                durations[int(rest)] = int(number)
            elif rest:
                ended[kind, rest] = int(number)
        return Statistics(
            ended=ended,
            durations=durations,
            milliseconds=int(item.get("milliseconds", 0)),
            credits=int(item.get("credits", 0)),
            covered=int(item.get("covered", 0)),
            cached=int(item.get("cached", 0)),
        )

    def count(self, jobs: Sequence[Job]) -> TransactWriteItemTypeDef:
        """The action that counts jobs of one user which have ended."""
        counts: Counter[str] = Counter()
        for job in jobs:
            counts[f"{job.status}#{job.tier}"] += 1
            if job.status is JobStatus.COMPLETED and job.result:
                milliseconds = round(job.result.seconds * 1000)
                counts[f"{_DURATION}{bucket_of(milliseconds)}"] += 1
                counts["milliseconds"] += milliseconds
                counts["credits"] += job.price
                counts["covered"] += job.coverage is not None
                counts["cached"] += job.matte_of is not None
        numbered = list(enumerate(counts.items()))
        return {
            "Update": {
                "TableName": self._table,
                "Key": self._key(jobs[0].user_id),
                "UpdateExpression": "ADD " + ", ".join(f"#n{each} :n{each}" for each, _ in numbered),
                "ExpressionAttributeNames": {f"#n{each}": name for each, (name, _) in numbered},
                "ExpressionAttributeValues": to_item({f":n{each}": number for each, (_, number) in numbered}),
            }
        }

    def _key(self, user_id: str) -> dict[str, Any]:
        return to_item({"pk": user_id, "sk": _STATISTICS})
