"""Erasing a job: its files and its record. The ledger keeps what it cost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.errors import JobInProgressError
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore


def erase_job(jobs: JobStore, objects: ObjectStore, *, user_id: str, job_id: str, now: datetime) -> None:
    """A queued job is cancelled first, and its credits come back. The record goes last, so that a repeat can finish.

    Raises `JobNotFoundError`, and `JobInProgressError` while a worker is on the job.
    """
    job = jobs.get(user_id, job_id)
    if job.status is JobStatus.QUEUED:
        try:
            job = jobs.cancel(job, now)
        except LeaseLostError:
            job = jobs.get(user_id, job_id)
    if not job.has_ended:
        raise JobInProgressError(
            "The job is being worked on. Delete it when it has ended, in a few seconds.",
            until=job.lease.until if job.lease else now,
        )
    objects.delete([input_key(job), result_key(job), matte_key(job), thumbnail_key(job)])
    jobs.forget(job)
