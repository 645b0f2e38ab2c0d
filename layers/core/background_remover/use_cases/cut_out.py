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

from background_remover.domain.errors import DomainError
from background_remover.domain.image_errors import ImageError
from background_remover.domain.inference_errors import InferenceError, InferenceRefusedError, InferenceUnavailableError
from background_remover.domain.jobs import Failure, Job, Result
from background_remover.domain.tiers import TIERS
from background_remover.gateways.object_store import (
    ObjectChangedError,
    backdrop_key,
    input_key,
    matte_key,
    result_key,
    thumbnail_key,
)
from background_remover.gateways.work_queue import message_for
from background_remover.observability import count, logger, measure, observe
from background_remover.use_cases.failures import measure_failure
from background_remover.use_cases.find_foreground import Foreground
from background_remover.use_cases.known_mattes import KnownForeground
from background_remover.use_cases.memory_room import MemoryRoom
from imaging.backdrop import Backdrop, backdrop_memory, inspect_backdrop, read_backdrop
from imaging.cutout import thumbnail, working_memory
from imaging.framing import delivery, framed_cutout
from imaging.matte import encode_matte
from imaging.photo import EncodedImage, Photo, decode, inspect

if TYPE_CHECKING:
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.find_foreground import FindForeground
    from background_remover.use_cases.known_mattes import KnownMattes

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
    known_mattes: KnownMattes
    clock: Callable[[], datetime]
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, max_workers=2))
    room: MemoryRoom = field(default_factory=MemoryRoom)

    def deliver_alone(
        self,
        job: Job,
        content: bytes,
        seen: EncodedImage | Foreground,
        *,
        time_left: Callable[[], float],
        backdrop: Backdrop | None = None,
    ) -> Job:
        """The job, whose lease the caller holds, as it is afterwards: completed, failed, or queued again.

        Its photo and its backdrop are stored as well. `seen` is the inference copy, or what is known already.
        `time_left` says how many seconds there are for Hugging Face when it is asked; the work on the pixels comes on
        top. Raises `LeaseLostError`.
        """

        def make() -> tuple[Foreground, Stored]:
            with self._storing(job, content, backdrop):
                if copied := self._copied(job, seen):
                    return copied
                with self._decoding(content) as decoding:
                    found = self._foreground(job, seen, time_left)
            return found, self._store(job, decoding.result, found, None if backdrop is None else lambda: backdrop.photo)

        return self._deliver(job, make)

    def deliver_among_others(
        self,
        job: Job,
        content: bytes,
        seen: EncodedImage | Foreground,
        *,
        time_left: Callable[[], float],
        backdrop: bytes | None = None,
    ) -> Job:
        """As `deliver_alone`, but the files are stored already, and are not decoded before there is room for them.

        Raises `NoRoomError` as well, where that takes longer than `time_left()`.
        """

        info = inspect(content)

        def make() -> tuple[Foreground, Stored]:
            if copied := self._copied(job, seen):
                return copied
            found = self._foreground(job, seen, time_left)
            needed = working_memory(info.pixels, found.tier.refinement)
            if backdrop is not None:
                needed = max(needed, backdrop_memory(info.pixels, inspect_backdrop(backdrop).pixels))
            behind = None if backdrop is None else (lambda: read_backdrop(backdrop).photo)
            with self.room.taken(needed, seconds=time_left()):
                return found, self._store(job, partial(decode, content), found, behind)

        return self._deliver(job, make)

    def _foreground(self, job: Job, seen: EncodedImage | Foreground, time_left: Callable[[], float]) -> Foreground:
        return seen if isinstance(seen, Foreground) else self.find_foreground(job, seen, time_left)

    def _deliver(self, job: Job, make: Callable[[], tuple[Foreground, Stored]]) -> Job:
        started = self.clock()
        try:
            found, stored = make()
        except InferenceUnavailableError as error:
            return self.come_back_later(job, error)
        except (InferenceError, ImageError) as error:
            # What the photo is to blame for was found out by its looks, or after them.
            is_at_fault = isinstance(error, (ImageError, InferenceRefusedError))
            looks = 0 if job.matte_of else TIERS[job.tier].looks
            return self.give_up(job, error, uncharged=looks if is_at_fault else 0)
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
        known = self.known_mattes.made(job, found)
        completed = self.jobs.complete(job, result, now, known=known)
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

    def give_up(self, job: Job, error: DomainError, *, uncharged: int = 0) -> Job:
        """Ends the job without a result; its price is released. `uncharged`: see `JobStore.fail`.

        Raises `LeaseLostError`.
        """
        failed = self.jobs.fail(job, Failure(error.code, error.detail), self.clock(), uncharged=uncharged)
        logger.warning("The job failed", code=error.code, detail=error.detail)
        measure_failure(job, error)
        return failed

    @contextmanager
    def _storing(self, job: Job, content: bytes, backdrop: Backdrop | None) -> Iterator[None]:
        """The photo and its backdrop are stored while the block runs.

        When it ends that is over: Lambda would freeze what still runs when the request is answered, and the next
        request would pay for it.
        """
        storing = [self.threads.submit(lambda: self.objects.put(input_key(job), content, job.source.content_type))]
        if backdrop:
            storing.append(self.threads.submit(lambda: self.store_backdrop(job, backdrop)))
        try:
            yield
        finally:
            wait(storing)
            for each in storing:
                each.result()

    @contextmanager
    def _decoding(self, content: bytes) -> Iterator[Future[Photo]]:
        """The photo is decoded while the block waits for Hugging Face; when it ends that is over as well."""
        decoding = self.threads.submit(decode, content)
        try:
            yield decoding
        finally:
            wait([decoding])

    def _copied(self, job: Job, seen: EncodedImage | Foreground) -> tuple[Foreground, Stored] | None:
        """The files of the earlier job, where it was rendered in the same way and still has all of them."""
        if not isinstance(seen, KnownForeground):
            return None
        original, finished = seen.original, seen.original.result
        if finished is None or original.options != job.options:
            return None
        copies = [
            self.threads.submit(self.objects.copy, key(original), key(job))
            for key in (result_key, matte_key, thumbnail_key)
        ]
        wait(copies)
        try:
            for copy in copies:
                copy.result()
        except ObjectChangedError:
            return None
        return seen, Stored(
            content_type=finished.content_type,
            width=finished.width,
            height=finished.height,
            size=finished.size,
            crc32=finished.crc32,
        )

    def store_backdrop(self, job: Job, backdrop: Backdrop) -> None:
        self.objects.put(backdrop_key(job), backdrop.content, backdrop.content_type)

    def _store(
        self, job: Job, photo: Callable[[], Photo], found: Foreground, backdrop: Callable[[], Photo] | None
    ) -> Stored:
        """Stores everything that the job makes. Of the worker's photos none is kept while its result is encoded."""
        matte = found.matte
        beside = [self.threads.submit(lambda: self.objects.put(matte_key(job), encode_matte(matte), "image/png"))]
        try:
            region = job.options.region
            cutout = framed_cutout(photo(), matte, found.tier.refinement, job.options, looked_at=region)
            beside.append(
                self.threads.submit(lambda: self.objects.put(thumbnail_key(job), thumbnail(cutout), "image/webp"))
            )
            result = delivery(cutout, job.options, backdrop)
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
    delivered = {
        "ImagesDelivered": 1,
        "PixelSeconds": max(0.0, seconds - found.seconds),
        "Dollars": found.dollars + found.tier.aws_dollars,
    }
    if isinstance(found, KnownForeground):
        count("ImagesCached")
    else:
        # Without those that Hugging Face had no part in, which would hide how fast it is.
        delivered |= {"ProcessingSeconds": seconds, "HuggingFaceSeconds": found.seconds}
        observe("Looks", found.looks)
    measure(delivered, by={"tier": asked.tier})
    observe("Attempts", asked.attempts)
    observe("CreditsCaptured", completed.price)
    observe("CreditsReleased", asked.price - completed.price)
