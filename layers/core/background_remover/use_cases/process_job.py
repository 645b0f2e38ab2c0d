"""One message of the queue: the job that it names is cut out, unless it has ended or somebody else is on it."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.credit_errors import ContentionError, UnchargedAllowanceUsedError
from background_remover.domain.image_errors import ImageError, PhotoLostError
from background_remover.domain.inference_errors import InferenceError, InferenceUnavailableError
from background_remover.domain.job_errors import JobAbandonedError, JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import Job, Lease
from background_remover.gateways.image_fetcher import FetcherUnavailableError
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import backdrop_key, input_key
from background_remover.observability import logger
from background_remover.use_cases.cut_out import SHORTEST_BACK_OFF
from background_remover.use_cases.inspect_photo import inspect_photo
from background_remover.use_cases.memory_room import NoRoomError
from imaging.photo import BYTES_PER_PIXEL, inference_copy

if TYPE_CHECKING:
    from background_remover.domain.jobs import Source
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import JobMessage, WorkQueue
    from background_remover.use_cases.cut_out import CutOut
    from background_remover.use_cases.fetch_photo import FetchPhoto
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance
    from imaging.photo import EncodedImage, PhotoInfo

LONGEST_CROWD = 30.0
"""Seconds after which a job that was in the way of others, or they in its, is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessJob:
    """Safe to share between threads, each with a message of its own."""

    jobs: JobStore
    batches: BatchStore
    objects: ObjectStore
    queue: WorkQueue
    fetch_photo: FetchPhoto
    cut_out: CutOut
    allowance: UnchargedAllowance
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
        except (ContentionError, FetcherUnavailableError, NoRoomError) as error:
            logger.warning("The job has to wait for others", reason=str(error))
            if isinstance(error, FetcherUnavailableError) and job.is_out_of_patience(now):
                return self.cut_out.give_up(job, JobAbandonedError("The image could not be fetched for hours."))
            return self.cut_out.requeue(job, delay=random.uniform(SHORTEST_BACK_OFF, LONGEST_CROWD))

    def _mark_started(self, job: Job, now: datetime) -> None:
        if job.batch_id and job.batch_id not in self.started_batches:
            self.batches.mark_started(job.user_id, job.batch_id, now)
            self.started_batches.add(job.batch_id)

    def _work_on(self, job: Job, time_left: Callable[[], float]) -> Job:
        try:
            # At once, as a URL may be good for minutes only.
            self.fetch_photo(job)
            if not job.matte_of:
                # Before anything is read and decoded for nothing.
                self.cut_out.find_foreground.require_open(job)
            content = self.objects.get(input_key(job))
            if content is None:
                raise PhotoLostError("The photo was lost on our side. Send it again.")
            backdrop = self._backdrop(job)
            info = inspect_photo(content, job.options)
            job = replace(job, source=_source_of(job, content, info))
            known = self.cut_out.known_mattes.find(job)
            seen = known or self._inference_copy(job, content, info, time_left)
        except InferenceUnavailableError as error:
            return self.cut_out.come_back_later(job, error)
        except (ImageError, InferenceError, UnchargedAllowanceUsedError) as error:
            return self.cut_out.give_up(job, error)
        if known:
            job = replace(job, matte_of=known.original.job_id)
        return self.cut_out.deliver_among_others(job, content, seen, time_left=time_left, backdrop=backdrop)

    def _backdrop(self, job: Job) -> bytes | None:
        if job.options.background_image is None:
            return None
        content = self.objects.get(backdrop_key(job))
        if content is None:
            raise PhotoLostError("The background image was lost on our side. Send both images again.")
        return content

    def _inference_copy(
        self, job: Job, content: bytes, info: PhotoInfo, time_left: Callable[[], float]
    ) -> EncodedImage:
        if job.matte_of:
            # It was answered that it costs nothing, so it gets no inference.
            raise PhotoLostError("The finished matte of this photo was deleted meanwhile. Send the photo again.")
        if not job.submitted:
            self.allowance.require_left(job.user_id, self.clock())
        with self.cut_out.room.taken(info.pixels * BYTES_PER_PIXEL, seconds=time_left()):
            return inference_copy(content, job.options.region)


def _source_of(job: Job, content: bytes, info: PhotoInfo) -> Source:
    return replace(
        job.source,
        content_type=info.content_type,
        width=info.width,
        height=info.height,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        url=None,
    )
