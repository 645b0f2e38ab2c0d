"""A job that waits in the queue, cut out within the request that brought it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.gateways.work_queue import message_for
from background_remover.observability import logger
from background_remover.use_cases.cut_out import SHORTEST_BACK_OFF
from background_remover.use_cases.remove_image import INLINE_LEASE

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.process_job import ProcessJob


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAtOnce:
    jobs: JobStore
    queue: WorkQueue
    process_job: ProcessJob

    def __call__(self, job: Job, *, time_left: Callable[[], float]) -> Job:
        """The job, ended if `time_left()` seconds for Hugging Face were enough, else in the worker's hands."""
        try:
            processed = self.process_job(message_for(job), time_left=time_left, lease_for=INLINE_LEASE)
        except Exception:
            logger.exception("The request failed after its job was made; the queue takes over", job_id=job.job_id)
            self.queue.send(message_for(job), delay=SHORTEST_BACK_OFF)
            processed = None
        return processed or self.jobs.get(job.user_id, job.job_id)
