"""Erasing a job: its files and its record. The ledger keeps what it cost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import BatchNotFoundError, JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import (
    backdrop_key,
    input_key,
    matte_key,
    renders_prefix,
    result_key,
    thumbnail_key,
)
from background_remover.use_cases.close_batch import close_batch

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue


def erase_job(
    jobs: JobStore,
    batches: BatchStore,
    objects: ObjectStore,
    archive_queue: WorkQueue,
    *,
    user_id: str,
    job_id: str,
    now: datetime,
) -> None:
    """A job that has not begun is cancelled first, and its credits come back. The record goes last, so that a repeat
    can finish.

    Raises `JobNotFoundError`, and `JobInProgressError` while a worker is on the job.
    """
    job = jobs.get(user_id, job_id)
    if job.batch_id and not job.has_ended:
        _require_batch(batches, user_id, job.batch_id)
    if job.status in (JobStatus.AWAITING_UPLOAD, JobStatus.QUEUED):
        try:
            job = jobs.cancel(job, now)
        except LeaseLostError:
            job = jobs.get(user_id, job_id)
    if not job.has_ended:
        raise JobInProgressError(
            "The job is being worked on. Delete it when it has ended, in a few seconds.",
            until=job.lease.until if job.lease else now,
        )
    if job.batch_id:
        close_batch(batches, archive_queue, user_id=user_id, batch_id=job.batch_id, now=now)
    objects.delete([input_key(job), backdrop_key(job), result_key(job), matte_key(job), thumbnail_key(job)])
    _erase_renderings(objects, job)
    jobs.forget(job)
    # Those that were stored meanwhile. Whoever stores one from now on finds no job, and takes it back.
    _erase_renderings(objects, job)


def _erase_renderings(objects: ObjectStore, job: Job) -> None:
    while job.result and (stored := objects.sizes(renders_prefix(job))):
        objects.delete(list(stored))


def _require_batch(batches: BatchStore, user_id: str, batch_id: str) -> None:
    """Jobs are written before their batch; while it is not there, or was refused, they are nobody's yet."""
    try:
        batches.get(user_id, batch_id)
    except BatchNotFoundError:
        raise JobNotFoundError("You have no job of that id.") from None
