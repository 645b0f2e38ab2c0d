"""Cancelling a batch: what has not begun stops, and its credits come back. What is being worked on is delivered."""

from __future__ import annotations

from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import BatchEndedError
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.job_writes import JOBS_IN_A_TRANSACTION
from background_remover.use_cases.close_batch import close_batch

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.work_queue import WorkQueue


def cancel_batch(
    batches: BatchStore,
    jobs: JobStore,
    archive_queue: WorkQueue,
    *,
    user_id: str,
    batch_id: str,
    now: datetime,
) -> Batch:
    """The batch as it is then; a repeat goes on where the first call ended.

    Raises `BatchNotFoundError`, and `BatchEndedError` where nobody had asked for it before the batch was over.
    """
    batch = batches.get(user_id, batch_id)
    if batch.has_ended and batch.cancel_requested_at is None:
        raise BatchEndedError("The batch is over: there is nothing left to cancel.")
    if not batch.has_ended:
        batches.mark_cancelled(batch, now)
    end_unstarted(batches, jobs, archive_queue, batch, now)
    return batches.get(user_id, batch_id)


def end_unstarted(batches: BatchStore, jobs: JobStore, archive_queue: WorkQueue, batch: Batch, now: datetime) -> None:
    """Ends what has not begun of a batch whose end was asked for. The reconciler repeats it until all has ended."""
    unstarted = [job for job in batches.all_items(batch) if job.status in (JobStatus.AWAITING_UPLOAD, JobStatus.QUEUED)]
    for some in batched(unstarted, JOBS_IN_A_TRANSACTION, strict=False):
        jobs.end_unstarted(some, JobStatus.CANCELLED, now)
    close_batch(batches, archive_queue, user_id=batch.user_id, batch_id=batch.batch_id, now=now)
