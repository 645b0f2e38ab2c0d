"""A batch: up to 500 jobs that were priced, held and are delivered together, at last as one archive.

Every job of it that ends is counted in the transaction that ends it, so the counts are the jobs' own truth.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from background_remover.domain.jobs import UPLOAD_WINDOW, Failure, Options
from background_remover.domain.subscriptions import Coverage

ARCHIVE_OVERDUE_AFTER = timedelta(minutes=20)
"""How long an archive may take before the reconciler asks for it again: longer than its function may run."""

ARCHIVE_ATTEMPTS = 3


class BatchStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Archive:
    """The ZIP, stored; `size` in bytes."""

    size: int
    ready_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`completed` to `expired` count jobs; `charged` and `released` are credits of those that ended.

    `price` is 0 where `coverage` says what each job took from a plan's quota instead.

    `started_at` is when the first of its jobs was worked on. `due_at`: if it is open by then (jobs left, or no archive
    yet), the reconciler looks at it; None when it is closed. `archive_requests` counts how often the ZIP was asked for.
    """

    user_id: str
    batch_id: str
    tier: str
    options: Options
    total: int
    price: int
    created_at: datetime
    updated_at: datetime
    retire_at: datetime
    due_at: datetime | None
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    expired: int = 0
    charged: int = 0
    released: int = 0
    coverage: Coverage | None = None
    started_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    archive_requests: int = 0
    archive: Archive | None = None
    archive_failure: Failure | None = None

    @property
    def ended(self) -> int:
        return self.completed + self.failed + self.cancelled + self.expired

    @property
    def has_ended(self) -> bool:
        """Whether all of its jobs have; the archive may still be in the making."""
        return self.ended == self.total

    @property
    def held(self) -> int:
        return self.price - self.charged - self.released

    @property
    def status(self) -> BatchStatus:
        if not self.has_ended:
            return BatchStatus.PROCESSING if self.started_at or self.ended else BatchStatus.QUEUED
        if self.completed == self.total:
            return BatchStatus.COMPLETED
        if self.cancel_requested_at and self.cancelled:
            return BatchStatus.CANCELLED
        return BatchStatus.PARTIAL if self.completed else BatchStatus.FAILED

    @property
    def per_cent(self) -> int:
        """Of its jobs, how many have ended; 100 only when all have."""
        return self.ended * 100 // self.total

    def seconds_left(self, now: datetime) -> float | None:
        """Estimated from the pace so far; None before anything was measured."""
        if self.started_at is None or not self.ended:
            return None
        pace = (now - self.started_at).total_seconds() / self.ended
        return pace * (self.total - self.ended)

    def upload_until(self) -> datetime:
        """Until when a presigned upload of one of its photos may begin."""
        return self.created_at + UPLOAD_WINDOW
