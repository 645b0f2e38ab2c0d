"""One message of the queue: the job that it names is cut out, unless it has ended or somebody else is on it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.errors import (
    ContentionError,
    ImageError,
    JobInProgressError,
    JobNotFoundError,
    PhotoLostError,
)
from background_remover.domain.jobs import Job, Lease
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import input_key
from background_remover.observability import logger
from background_remover.use_cases.cut_out import SHORTEST_BACK_OFF
from background_remover.use_cases.inspect_photo import inspect_photo
from background_remover.use_cases.memory_room import NoRoomError
from imaging.photo import BYTES_PER_PIXEL, inference_copy

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import JobMessage, WorkQueue
    from background_remover.use_cases.cut_out import CutOut

LONGEST_CROWD = 30.0
"""Seconds after which a job that was in the way of others, or they in its, is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessJob:
    """Safe to share between threads, each with a message of its own."""

    jobs: JobStore
    batches: BatchStore
    objects: ObjectStore
    queue: WorkQueue
    cut_out: CutOut
    clock: Callable[[], datetime]
    started_batches: set[str] = field(default_factory=set)

    def __call__(self, message: JobMessage, *, time_left: Callable[[], float], lease_for: timedelta) -> Job | None:
        """Returns when the message may be deleted; every repeat of a message is harmless.

        The job as it is then, None where it is gone or somebody else is on it. `time_left` says how many seconds
        there are for Hugging Face; `lease_for` must outlast the invocation.
        """
        now = self.clock()
        try:
            job = self.jobs.lease(message.user_id, message.job_id, Lease(secrets.token_hex(16), now + lease_for), now)
        except JobNotFoundError:
            logger.info("Nothing to do: the job was erased")
            return None
        except LeaseLostError:
            logger.info("Nothing to do: the job has ended")
            return self.jobs.get(message.user_id, message.job_id)
        except JobInProgressError as error:
            self.queue.send(message, delay=(error.until - now).total_seconds() + 1)
            return None
        try:
            return self._among_others(job, now, time_left)
        except LeaseLostError:
            logger.warning("The lease was lost; somebody else ends the job")
            return None

    def _among_others(self, job: Job, now: datetime, time_left: Callable[[], float]) -> Job:
        try:
            self._mark_started(job, now)
            return self._work_on(job, time_left)
        except (ContentionError, NoRoomError) as error:
            logger.warning("The job has to wait for others", reason=str(error))
            return self.cut_out.requeue(job, delay=random.uniform(SHORTEST_BACK_OFF, LONGEST_CROWD))

    def _mark_started(self, job: Job, now: datetime) -> None:
        if job.batch_id and job.batch_id not in self.started_batches:
            self.batches.mark_started(job.user_id, job.batch_id, now)
            self.started_batches.add(job.batch_id)

    def _work_on(self, job: Job, time_left: Callable[[], float]) -> Job:
        try:
            content = self.objects.get(input_key(job))
            if content is None:
                raise PhotoLostError("The photo was lost on our side. Send it again.")
            info = inspect_photo(content, job.options)
            with self.cut_out.room.taken(info.pixels * BYTES_PER_PIXEL, seconds=time_left()):
                copy = inference_copy(content)
        except ImageError as error:
            return self.cut_out.give_up(job, error)
        source = replace(
            job.source, content_type=info.content_type, width=info.width, height=info.height, size=len(content)
        )
        return self.cut_out.deliver_among_others(replace(job, source=source), content, copy, time_left=time_left)
