"""A job: one photo on its way to one cut-out.

    queued → processing → completed | failed
    queued → cancelled          processing → queued (handed back: Hugging Face is cold, slow or down)

Whoever works on a job holds its lease; only the holder may move it on, and a lease that ran out may be taken over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

OutputFormat = Literal["png", "webp", "jpeg"]
Colour = tuple[int, int, int]

PATIENCE = timedelta(hours=6)
"""How long a job waits for Hugging Face before it fails and gives its credits back."""


class JobStatus(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until `until`; `holder` is unique to one attempt."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that waits in Hugging Face's queue: polled again by whoever works on the job next, never sent twice."""

    status_url: str
    response_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the result is rendered. `background` is an RGB colour put behind the cut-out; None leaves it transparent."""

    format: OutputFormat = "png"
    background: Colour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The photo as it was sent, after its orientation is applied."""

    content_type: str
    width: int
    height: int
    size: int
    file_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`size` in bytes, `seconds` from the start of the attempt that delivered it."""

    content_type: str
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`attempts` counts leases. `retire_at` is when the record and its files are deleted."""

    user_id: str
    job_id: str
    tier: str
    price: int
    status: JobStatus
    source: Source
    options: Options
    created_at: datetime
    updated_at: datetime
    retire_at: datetime
    attempts: int = 0
    lease: Lease | None = None
    submission: Submission | None = None
    result: Result | None = None
    failure: Failure | None = None

    @property
    def has_ended(self) -> bool:
        return self.status not in (JobStatus.QUEUED, JobStatus.PROCESSING)

    def is_out_of_patience(self, now: datetime) -> bool:
        return now - self.created_at >= PATIENCE


def job_id(created_at: datetime, entropy: bytes) -> str:
    """An id that sorts by creation time: milliseconds since 1970 in hex, then the entropy."""
    return f"{int(created_at.timestamp() * 1000):012x}{entropy.hex()}"
