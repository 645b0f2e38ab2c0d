"""Whose matte is that of a photo, in the jobs table beside the jobs: `{pk: user, sk: "matte#<tier>#<sha256>"}`.

Of a part of the photo, `#<region>` follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover.gateways.dynamodb import find, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.domain.jobs import Job

PREFIX = "matte#"


@dataclass(frozen=True, slots=True)
class KnownMatte:
    """`job_id` is the job that it was made for, `made_by` identifies what made it. It is not used from `until` on."""

    job_id: str
    made_by: str
    until: datetime


def remembering(job: Job, known: KnownMatte, *, table: str) -> TransactWriteItemTypeDef:
    """The action, for a transaction, after which this is the known matte of the job's photo."""
    return {
        "Update": {
            "TableName": table,
            "Key": _key(job),
            "UpdateExpression": "SET jobId = :job, madeBy = :maker, retireAt = :until",
            "ExpressionAttributeValues": to_item(
                {":job": known.job_id, ":maker": known.made_by, ":until": int(known.until.timestamp())}
            ),
        }
    }


def forgetting(job: Job, *, table: str) -> TransactWriteItemTypeDef:
    """The action that forgets the job's matte. Its condition fails where it is not the known one (any more)."""
    return {
        "Delete": {
            "TableName": table,
            "Key": _key(job),
            "ConditionExpression": "jobId = :job",
            "ExpressionAttributeValues": to_item({":job": job.job_id}),
        }
    }


def known_matte(client: DynamoDBClient, job: Job, *, table: str) -> KnownMatte | None:
    """Of the job's photo in its tier. DynamoDB deletes late, so it may be past its time."""
    item = find(client, table=table, partition=job.user_id, sort_key=_sort_key(job))
    if item is None:
        return None
    return KnownMatte(item["jobId"], item["madeBy"], datetime.fromtimestamp(int(item["retireAt"]), UTC))


def _key(job: Job) -> dict[str, Any]:
    return to_item({"pk": job.user_id, "sk": _sort_key(job)})


def _sort_key(job: Job) -> str:
    region = f"#{job.options.region}" if job.options.region else ""
    return f"{PREFIX}{job.tier}#{job.source.sha256}{region}"
