"""Batches, and their ZIPs."""

from typing import NotRequired, TypedDict

from background_remover.domain.batches import BatchStatus
from background_remover.domain.jobs import OutputFormat
from background_remover.http.answers.formats import Instant, Link
from background_remover.http.answers.jobs import Failure, JobSummary, JobWithUpload


class Counts(TypedDict):
    """A batch's jobs by how they stand."""

    open: int
    completed: int
    failed: int
    cancelled: int
    expired: int


class BatchCredits(TypedDict):
    """The price is what is held, charged and released together."""

    price: int
    held: int
    charged: int
    released: int


class Batch(TypedDict):
    """A batch of jobs that were priced together."""

    batchId: str
    status: BatchStatus
    tier: str
    format: OutputFormat
    total: int
    counts: Counts
    percent: int
    secondsLeft: float | None
    """Estimated from the pace so far; null until something was measured."""
    credits: BatchCredits
    zipReady: bool
    createdAt: Instant
    updatedAt: Instant
    error: NotRequired[Failure]
    """Why there is no ZIP."""


class CreatedBatch(Batch):
    """A batch with all its jobs, in the order of its files, each with the form for its photo if that is awaited."""

    items: list[JobWithUpload]
    nextCursor: None


class BatchPage(Batch):
    """A batch and a page of its jobs, in the order of its files; without jobs in the answer to a cancellation."""

    items: list[JobSummary]
    nextCursor: str | None


class ArchiveLink(TypedDict):
    """A presigned link to the ZIP of a batch."""

    zipUrl: Link
    zipSize: int
    """In bytes."""
    expiresAt: Instant
