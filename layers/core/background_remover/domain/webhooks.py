"""Webhooks as Standard Webhooks has them: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

Each event is kept once for every webhook of its user: as a delivery, from the transaction that ends the job or batch.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import JobStatus

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job

MOST_WEBHOOKS = 5
"""How many webhooks a user may have at a time."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32

OVERLAP = timedelta(days=1)
"""How long messages are signed with the secret before as well, after it was replaced."""

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=10),
)
"""After the first failed attempt, after the second, and so on: eight attempts in a little more than a day."""

DISABLED_AFTER = timedelta(days=1)
"""Of nothing but failures."""

DELIVERIES_KEPT = timedelta(days=7)


class EventType(StrEnum):
    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    BATCH_COMPLETED = "batch.completed"
    TEST = "webhook.test"


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`body` is what is sent and signed, the same at each attempt."""

    user_id: str
    event_id: str
    type: EventType
    body: str
    happened_at: datetime

    @classmethod
    def of(cls, kind: EventType, user_id: str, subject: str, data: dict[str, Any], now: datetime) -> Event:
        """The id follows from what the event is about, so that a repeat makes no other, and sorts by time."""
        data = {name: value for name, value in data.items() if value is not None}
        body = {"type": kind, "timestamp": now.isoformat(), "data": data}
        return cls(
            user_id=user_id,
            event_id=f"msg_{int(now.timestamp() * 1000):012x}-{subject}",
            type=kind,
            body=json.dumps(body, separators=(",", ":")),
            happened_at=now,
        )


def job_event(job: Job) -> Event | None:
    """None for a job that did not begin: it was cancelled, or its photo never came."""
    kinds = {JobStatus.COMPLETED: EventType.JOB_COMPLETED, JobStatus.FAILED: EventType.JOB_FAILED}
    if job.status not in kinds:
        return None
    data = {
        "jobId": job.job_id,
        "batchId": job.batch_id,
        "status": job.status,
        "tier": job.tier,
        "credits": job.price if job.result else 0,
        "fileName": job.source.file_name,
        "deliveredTier": job.result.tier if job.result else None,
        "error": asdict(job.failure) if job.failure else None,
    }
    return Event.of(kinds[job.status], job.user_id, job.job_id, data, job.updated_at)


def batch_event(batch: Batch, *, has_archive: bool) -> Event:
    """Of a batch whose jobs have all ended, and whose ZIP is there, or will never be."""
    data = {
        "batchId": batch.batch_id,
        "status": batch.status,
        "tier": batch.tier,
        "total": batch.total,
        "completed": batch.completed,
        "failed": batch.failed,
        "cancelled": batch.cancelled,
        "expired": batch.expired,
        "credits": batch.charged,
        "archive": has_archive,
    }
    return Event.of(EventType.BATCH_COMPLETED, batch.user_id, batch.batch_id, data, batch.updated_at)


def trial_event(user_id: str, webhook_id: str, now: datetime) -> Event:
    return Event.of(EventType.TEST, user_id, webhook_id, {"webhookId": webhook_id}, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`old_secret` signs as well until `overlap_until`. `failing_since`: nothing has succeeded from then on.

    `is_gone`: its receiver answered 410, by which Standard Webhooks has it say that it wants no more.
    """

    user_id: str
    webhook_id: str
    url: str
    secret: str
    created_at: datetime
    old_secret: str | None = None
    overlap_until: datetime | None = None
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    is_gone: bool = False

    def secrets(self, now: datetime) -> list[str]:
        if self.old_secret and self.overlap_until and now < self.overlap_until:
            return [self.secret, self.old_secret]
        return [self.secret]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one webhook. `due_at`: if it is pending by then, the reconciler sends it.

    `by_hand`: its user asked for it, so that it is tried once, at a disabled webhook too. `answer` is the last
    attempt's status, or `error` why there was none.
    """

    webhook_id: str
    event: Event
    status: DeliveryStatus
    due_at: datetime | None
    attempts: int = 0
    by_hand: bool = False
    attempted_at: datetime | None = None
    answer: int | None = None
    error: str | None = None

    def next_attempt(self, now: datetime) -> datetime | None:
        """When to try again what fails now; None for never."""
        if self.by_hand or self.attempts >= len(PAUSES):
            return None
        return now + PAUSES[self.attempts]


def secret(entropy: bytes) -> str:
    """`entropy` is `SECRET_BYTES` of it."""
    return SECRET_PREFIX + base64.b64encode(entropy).decode()


def signed_headers(event: Event, secrets: list[str], now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    content = f"{event.event_id}.{timestamp}.{event.body}".encode()
    return {
        "webhook-id": event.event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(each, content)}" for each in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
