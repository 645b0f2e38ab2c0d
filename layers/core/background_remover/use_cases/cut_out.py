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
from threading import Semaphore
from typing import TYPE_CHECKING

from background_remover.domain.errors import (
    DomainError,
    ImageError,
    InferenceError,
    InferenceMisconfiguredError,
    InferenceUnavailableError,
    UnknownForegroundError,
)
from background_remover.domain.jobs import Failure, Job, Quality, Result, Submission
from background_remover.domain.tiers import TIERS, Tier, delivered_with
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import count, logger
from background_remover.use_cases.memory_room import MemoryRoom
from imaging.cutout import thumbnail, working_memory
from imaging.framing import delivery, framed_cutout
from imaging.matte import Matte, encode_matte, read_matte
from imaging.passes import averaged, mirrored, mirrored_matte
from imaging.photo import EncodedImage, Photo, decode, inspect
from imaging.quality import assess

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue

MOST_PASSES = max(tier.passes for tier in TIERS.values())
SHORTEST_BACK_OFF = 5.0
LONGEST_BACK_OFF = 900.0
LONGEST_BACK_OFF_FROM_A_SUBMISSION = 300.0
"""Seconds; fal keeps results of more than 10 KB for six minutes: https://fal.ai/docs/inference-api/queue/result"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """What Hugging Face found in the photo, and the tier whose result that makes."""

    matte: Matte
    tier: Tier
    quality: Quality


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

    `inferences` and `room` bound what several images at once ask of Hugging Face and of the memory. Each call takes one
    permit, and holds no other meanwhile.
    """

    jobs: JobStore
    objects: ObjectStore
    queue: WorkQueue
    hugging_face: HuggingFace
    clock: Callable[[], datetime]
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, max_workers=4))
    inferences: Semaphore = field(default_factory=partial(Semaphore, MOST_PASSES))
    room: MemoryRoom = field(default_factory=MemoryRoom)

    def deliver_alone(self, job: Job, content: bytes, copy: EncodedImage, *, time_left: Callable[[], float]) -> Job:
        """The job, whose lease the caller holds, as it is afterwards: completed, failed, or queued again.

        Its photo is stored as well. `time_left` says how many seconds there are for Hugging Face when it is asked; the
        work on the pixels comes on top. Raises `LeaseLostError`.
        """

        def make() -> tuple[Foreground, Stored]:
            with self._meanwhile(job, content) as decoding:
                found = self._find(job, copy, time_left)
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
            found = self._find(job, copy, time_left)
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
        )
        completed = self.jobs.complete(job, result, now)
        count("ImagesDelivered")
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
        count("JobsFailed")
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

    def _find(self, job: Job, copy: EncodedImage, time_left: Callable[[], float]) -> Foreground:
        """All passes of the job's tier at once, and the mean of the mattes that came of them.

        One in which nothing was found would make the other's subject half transparent, and is as good as none. Where
        there is none, raises `InferenceUnavailableError` if one may come later, else the first pass's `InferenceError`
        or `UnknownForegroundError`. Raises `LeaseLostError` as well.
        """
        tier = TIERS[job.tier]
        calls = [self.threads.submit(self._infer, job, number, copy, time_left) for number in range(tier.passes)]
        wait(calls)
        mattes: list[Matte] = []
        errors: list[InferenceError | UnknownForegroundError] = []
        for call in calls:
            try:
                matte = call.result()
                assess(matte)
                mattes.append(matte)
            except (InferenceError, UnknownForegroundError) as error:
                logger.warning("Hugging Face did not deliver", code=error.code, detail=error.detail)
                errors.append(error)
        if any(isinstance(error, InferenceMisconfiguredError) for error in errors):
            count("HuggingFaceMisconfigured")
        if not mattes:
            raise next((error for error in errors if isinstance(error, InferenceUnavailableError)), errors[0])
        mean = averaged(mattes)
        return Foreground(matte=mean, tier=delivered_with(tier, len(mattes)), quality=assess(mean))

    def _infer(self, job: Job, number: int, copy: EncodedImage, time_left: Callable[[], float]) -> Matte:
        """One pass of the tier, the first having the number 0; the second looks at the mirrored photo."""

        def remember(submission: Submission) -> None:
            self.jobs.remember_submission(job, number, submission, self.clock())

        sent = mirrored(copy) if number else copy
        with self.inferences:
            matte = self.hugging_face.infer(
                TIERS[job.tier].model,
                sent,
                partial(read_matte, width=sent.width, height=sent.height),
                seconds=time_left(),
                submission=job.submissions.get(number),
                on_submission=remember,
            )
        return mirrored_matte(matte) if number else matte

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
