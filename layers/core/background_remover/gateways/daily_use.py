"""A user's inferences of a day, charged and uncharged, in the jobs table: `{pk: user, sk: "day#<date>"}`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.allowance import DailyUse, end_of_day
from background_remover.domain.jobs import Job, JobStatus
from background_remover.gateways.dynamodb import find, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_DAY = "day#"

RETENTION = timedelta(days=2)
"""After the day: nobody asks for it any more."""


class DailyUseStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def of(self, user_id: str, day: date) -> DailyUse:
        item = find(self._client, table=self._table, partition=user_id, sort_key=f"{_DAY}{day.isoformat()}") or {}
        return DailyUse(charged=int(item.get("charged", 0)), uncharged=int(item.get("uncharged", 0)))

    def count(self, jobs: Sequence[Job], *, uncharged: int) -> list[TransactWriteItemTypeDef]:
        """The action that counts on the day on which jobs of one user ended, if there is anything to count.

        A job that neither credits nor a plan paid for took no inference.
        """
        charged = sum(
            job.result.looks
            for job in jobs
            if job.result and job.status is JobStatus.COMPLETED and (job.price or job.coverage)
        )
        if not (charged or uncharged):
            return []
        ended_at = jobs[0].updated_at
        day = ended_at.astimezone(UTC).date()
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": to_item({"pk": jobs[0].user_id, "sk": f"{_DAY}{day.isoformat()}"}),
                    "UpdateExpression": "ADD charged :charged, uncharged :uncharged SET retireAt = :retireAt",
                    "ExpressionAttributeValues": to_item(
                        {
                            ":charged": charged,
                            ":uncharged": uncharged,
                            ":retireAt": int((end_of_day(ended_at) + RETENTION).timestamp()),
                        }
                    ),
                }
            }
        ]
