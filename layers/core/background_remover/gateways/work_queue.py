"""The queues: jobs for the worker, batches for the assembler. Messages carry names only: the records are the truth."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job

LONGEST_DELAY = 900
"""Seconds; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


@dataclass(frozen=True, slots=True)
class JobMessage:
    user_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class BatchMessage:
    user_id: str
    batch_id: str


class WorkQueue:
    """Grouped by user, so that SQS shares workers out fairly.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: SQSClient, *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: JobMessage | BatchMessage, *, delay: float = 0) -> None:
        """Puts it in line after `delay` seconds, or after `LONGEST_DELAY` where that is less."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=_body(message),
            DelaySeconds=min(LONGEST_DELAY, math.ceil(max(0.0, delay))),
            MessageGroupId=message.user_id,
        )


def message_for(job: Job) -> JobMessage:
    return JobMessage(job.user_id, job.job_id)


def message_for_batch(batch: Batch) -> BatchMessage:
    return BatchMessage(batch.user_id, batch.batch_id)


def parse(body: str) -> JobMessage | BatchMessage:
    """Raises `ValueError` or `KeyError` for a message that `send` did not write."""
    message = json.loads(body)
    if "batchId" in message:
        return BatchMessage(user_id=message["userId"], batch_id=message["batchId"])
    return JobMessage(user_id=message["userId"], job_id=message["jobId"])


def _body(message: JobMessage | BatchMessage) -> str:
    match message:
        case JobMessage(user_id, job_id):
            return json.dumps({"userId": user_id, "jobId": job_id})
        case BatchMessage(user_id, batch_id):
            return json.dumps({"userId": user_id, "batchId": batch_id})
