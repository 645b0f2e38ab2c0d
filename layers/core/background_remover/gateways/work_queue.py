"""The queue of jobs that a worker takes on, one message each. It carries names only: the job's record is the truth."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from background_remover.domain.jobs import Job

LONGEST_DELAY = 900
"""Seconds; https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


@dataclass(frozen=True, slots=True)
class JobMessage:
    user_id: str
    job_id: str


class WorkQueue:
    def __init__(self, client: SQSClient, *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: JobMessage, *, delay: float = 0) -> None:
        """Puts the job in line after `delay` seconds. Grouped by user, so that SQS shares workers out fairly.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
        """
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps({"userId": message.user_id, "jobId": message.job_id}),
            DelaySeconds=min(LONGEST_DELAY, math.ceil(max(0.0, delay))),
            MessageGroupId=message.user_id,
        )


def message_for(job: Job) -> JobMessage:
    return JobMessage(job.user_id, job.job_id)


def parse(body: str) -> JobMessage:
    """Raises `ValueError` or `KeyError` for a message that this queue's `send` did not write."""
    message = json.loads(body)
    return JobMessage(user_id=message["userId"], job_id=message["jobId"])
