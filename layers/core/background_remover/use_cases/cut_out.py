"""Cutting one photo out: what `remove` does inline and the queue's worker does later."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from background_remover.domain.errors import DomainError, ImageError, InferenceError, InferenceUnavailableError
from background_remover.domain.jobs import Failure, Job, Result
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import logger, measure, observe
from background_remover.use_cases.failures import measure_failure
from background_remover.use_cases.memory_room import MemoryRoom
from imaging.cutout import thumbnail, working_memory
from imaging.framing import delivery, framed_cutout
from imaging.matte import encode_matte
from imaging.photo import EncodedImage, Photo, decode, inspect

if TYPE_CHECKING:
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.find_foreground import FindForeground, Foreground

SHORTEST_BACK_OFF = 5.0
LONGEST_BACK_OFF = 900.0
LONGEST_BACK_OFF_FROM_A_SUBMISSION = 300.0
"""Seconds; fal keeps results of more than 10 KB for six minutes: https://fal.ai/docs/inference-api/queue/result"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Of the result, `size` in bytes, `crc32` of these bytes."""

    content_type: str
    width: int
    height: int
    size: int
    crc32: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOut:
    """What can overlap does: the files are stored at once, and where an image is worked on alone, its photo is decoded
    and stored while Hugging Face works.

    `room` bounds what several images at once take of the memory.
    """

    jobs: JobStore
    objects: ObjectStore
    queue: WorkQueue
    find_foreground: FindForeground
    clock: Callable[[], datetime]
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, max_workers=2))
    room: MemoryRoom = field(default_factory=MemoryRoom)

    def deliver_alone(self, job: Job, content: bytes, copy: EncodedImage, *, time_left: Callable[[], float]) -> Job:
        """The job, whose lease the caller holds, as it is afterwards: completed, failed, or queued again.

        Its photo is stored as well. `time_left` says how many seconds there are for Hugging Face when it is asked; the
        work on the pixels comes on top. Raises `LeaseLostError`.
        """

        def make() -> tuple[Foreground, Stored]:
            with self._meanwhile(job, content) as decoding:
                found = self.find_foreground(job, copy, time_left)
            return found, self._store(job, decoding.result, found)

        return self._deliver(job, make)

    def deliver_among_others(
        self, job: Job, content: bytes, copy: EncodedImage, *, time_left: Callable[[], float]
    ) -> Job:
        """As `deliver_alone`, but the photo is stored already, and is not decoded before there is room for it.

        Raises `NoRoomError` as well, where that takes longer than `time_left()`.
        """

        info = inspect(content)

        def make() -> tuple[Foreground, Stored]:
            found = self.find_foreground(job, copy, time_left)
            needed = working_memory(info.pixels, found.tier.refinement)
            with self.room.taken(needed, seconds=time_left()):
                return found, self._store(job, partial(decode, content), found)

        return self._deliver(job, make)

    def _deliver(self, job: Job, make: Callable[[], tuple[Foreground, Stored]]) -> Job:
        started = self.clock()
        try:
            found, stored = make()
        except InferenceUnavailableError as error:
            return self.come_back_later(job, error)
        except (InferenceError, ImageError) as error:
            return self.give_up(job, error)
        now = self.clock()
        result = Result(
            content_type=stored.content_type,
            width=stored.width,
            height=stored.height,
            size=stored.size,
            crc32=stored.crc32,
            seconds=(now - started).total_seconds(),
            tier=found.tier.name,
            quality=found.quality,
            looks=found.looks,
        )
        completed = self.jobs.complete(job, result, now)
        _measure(job, completed, found, result.seconds)
        return completed

    def come_back_later(self, job: Job, error: InferenceUnavailableError) -> Job:
        """Queues the job again, or gives it up when it has waited long enough. Raises `LeaseLostError`."""
        if job.is_out_of_patience(self.clock()):
            # Without the words of Hugging Face, which are for the operator and in the log.
            return self.give_up(job, type(error)("Hugging Face did not deliver for hours.", retry_after=0.0))
        is_submitted = any(submission.status_url for submission in job.submissions.values())
        bound = LONGEST_BACK_OFF_FROM_A_SUBMISSION if is_submitted else LONGEST_BACK_OFF
        longest = min(bound, SHORTEST_BACK_OFF * 2**job.attempts)
        delay = max(error.retry_after, random.uniform(SHORTEST_BACK_OFF, longest))
        return self.requeue(job, delay=delay)

    def requeue(self, job: Job, *, delay: float) -> Job:
        """Puts the job in line again, after `delay` seconds. Raises `LeaseLostError`."""
        # The message first: should this worker die in between, whoever gets it takes over when the lease has run out.
        self.queue.send(message_for(job), delay=delay)
        return self.jobs.hand_back(job, self.clock())

    def give_up(self, job: Job, error: DomainError) -> Job:
        """Ends the job without a result; its price is released. Raises `LeaseLostError`."""
        failed = self.jobs.fail(job, Failure(error.code, error.detail), self.clock())
        logger.warning("The job failed", code=error.code, detail=error.detail)
        measure_failure(job, error)
        return failed

    @contextmanager
    def _meanwhile(self, job: Job, content: bytes) -> Iterator[Future[Photo]]:
        """While the block waits for Hugging Face the photo is decoded and stored; when it ends, both are over.

        Lambda would freeze what still runs when the request is answered, and the next request would pay for it.
        """
        decoding = self.threads.submit(decode, content)
        storing = self.threads.submit(self.objects.put, input_key(job), content, job.source.content_type)
        try:
            yield decoding
        finally:
            wait([decoding])
            storing.result()

    def _store(self, job: Job, photo: Callable[[], Photo], found: Foreground) -> Stored:
        """Stores everything that the job makes. Of the worker's photos none is kept while its result is encoded."""
        matte = found.matte
        beside = [self.threads.submit(lambda: self.objects.put(matte_key(job), encode_matte(matte), "image/png"))]
        try:
            cutout = framed_cutout(photo(), matte, found.tier.refinement, job.options)
            beside.append(
                self.threads.submit(lambda: self.objects.put(thumbnail_key(job), thumbnail(cutout), "image/webp"))
            )
            result = delivery(cutout, job.options)
            self.objects.put(result_key(job), result.content, result.content_type)
        finally:
            wait(beside)
        for storing in beside:
            storing.result()
        return Stored(
            content_type=result.content_type,
            width=result.width,
            height=result.height,
            size=len(result.content),
            crc32=zlib.crc32(result.content),
        )


def _measure(asked: Job, completed: Job, found: Foreground, seconds: float) -> None:
    measure(
        {
            "ImagesDelivered": 1,
            "ProcessingSeconds": seconds,
            "HuggingFaceSeconds": found.seconds,
            "PixelSeconds": max(0.0, seconds - found.seconds),
            "Dollars": found.dollars + found.tier.aws_dollars,
        },
        by={"tier": asked.tier},
    )
    observe("Looks", found.looks)
    observe("Attempts", asked.attempts)
    observe("CreditsCaptured", completed.price)
    observe("CreditsReleased", asked.price - completed.price)
