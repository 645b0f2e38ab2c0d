"""The queues: jobs for the worker, batches for the assembler, events for webhooks.

Messages carry names only: the records are the truth.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.domain.tiers import Model

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job
    from background_remover.domain.webhooks import Delivery

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


@dataclass(frozen=True, slots=True)
class WakeMessage:
    """The model's endpoint is to start. The schedules of template.yaml write such messages as well."""

    model: Model


@dataclass(frozen=True, slots=True)
class DeliveryMessage:
    """The event is to be posted to the webhook, for the `attempt`-th time, from 0. Once that was done it is stale."""

    user_id: str
    webhook_id: str
    event_id: str
    attempt: int


Message = JobMessage | BatchMessage | WakeMessage | DeliveryMessage


class WorkQueue:
    """Grouped by user, so that SQS shares workers out fairly.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: SQSClient, *, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Message, *, delay: float = 0) -> None:
        """Puts it in line after `delay` seconds, or after `LONGEST_DELAY` where that is less."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=_body(message),
            DelaySeconds=min(LONGEST_DELAY, math.ceil(max(0.0, delay))),
            MessageGroupId=_group(message),
        )


def message_for(job: Job) -> JobMessage:
    return JobMessage(job.user_id, job.job_id)


def message_for_batch(batch: Batch) -> BatchMessage:
    return BatchMessage(batch.user_id, batch.batch_id)


def message_for_delivery(delivery: Delivery) -> DeliveryMessage:
    event = delivery.event
    return DeliveryMessage(event.user_id, delivery.webhook_id, event.event_id, delivery.attempts)


def parse(body: str) -> Message:
    """Raises `ValueError` or `KeyError` for a message that `send` did not write."""
    message = json.loads(body)
    if "wake" in message:
        return WakeMessage(Model(message["wake"]))
    if "webhookId" in message:
        return DeliveryMessage(message["userId"], message["webhookId"], message["eventId"], message["attempt"])
    if "batchId" in message:
        return BatchMessage(user_id=message["userId"], batch_id=message["batchId"])
    return JobMessage(user_id=message["userId"], job_id=message["jobId"])


def _body(message: Message) -> str:
    match message:
        case JobMessage(user_id, job_id):
            return json.dumps({"userId": user_id, "jobId": job_id})
        case BatchMessage(user_id, batch_id):
            return json.dumps({"userId": user_id, "batchId": batch_id})
        case DeliveryMessage(user_id, webhook_id, event_id, attempt):
            return json.dumps({"userId": user_id, "webhookId": webhook_id, "eventId": event_id, "attempt": attempt})
        case WakeMessage(model):
            return json.dumps({"wake": model})


def _group(message: Message) -> str:
    return "wake" if isinstance(message, WakeMessage) else message.user_id
