"""One image that came with the request itself: taken on, and cut out at once where that is possible."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.credit_errors import UnchargedAllowanceUsedError
from background_remover.domain.errors import DomainError
from background_remover.domain.jobs import GRACE, OVERDUE_AFTER, Job, JobStatus, Lease, Source, job_id
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import logger
from background_remover.use_cases.asked import Asked
from background_remover.use_cases.cut_out import SHORTEST_BACK_OFF
from background_remover.use_cases.inspect_photo import inspect_photo
from imaging.backdrop import read_backdrop
from imaging.photo import PhotoInfo, inference_copy

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.cut_out import CutOut
    from background_remover.use_cases.find_foreground import Foreground
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance
    from imaging.backdrop import Backdrop
    from imaging.photo import EncodedImage

INLINE_LEASE = timedelta(seconds=60)
"""Longer than any request lives, so that nobody takes over what a request still works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal(Asked):
    """`content` is the photo, as a file."""

    content: bytes

    def fingerprint(self) -> str:
        """Identifies the request behind an Idempotency-Key."""
        digest = hashlib.sha256(repr((self.tier.name, self.options, self.file_name)).encode())
        digest.update(self.content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveImage:
    jobs: JobStore
    intake: JobIntake
    objects: ObjectStore
    queue: WorkQueue
    hugging_face: HuggingFace
    cut_out: CutOut
    allowance: UnchargedAllowance
    job_retention: timedelta
    clock: Callable[[], datetime]

    def __call__(self, removal: Removal, *, time_left: Callable[[], float]) -> Job:
        """The job, completed if Hugging Face delivered within `time_left()` seconds, else waiting in the queue.

        A repeat with the same idempotency key gets the job of the first request as it is now. Raises `ImageError`,
        `TierUnavailableError`, `UnchargedAllowanceUsedError` and what `JobIntake.submit` raises; then nothing was
        charged or stored.
        """
        self.hugging_face.route(removal.tier.model)
        info = inspect_photo(removal.content, removal.options)
        backdrop = None if removal.background_image is None else read_backdrop(removal.background_image)
        now = self.clock()
        wanted = self._new_job(removal, info, now)
        known = None if removal.respond_async else self.cut_out.known_mattes.find(wanted)
        if known:
            wanted = replace(wanted, price=0, matte_of=known.original.job_id)
        seen = known or inference_copy(removal.content, removal.options.region)
        key = IdempotencyKey(removal.idempotency_key, removal.fingerprint()) if removal.idempotency_key else None
        if not known:
            self.allowance.require_left(removal.user_id, now, repeats=key)
        job = self._submit(wanted, key, now)
        if job.job_id != wanted.job_id:
            return job
        try:
            if removal.respond_async:
                self.objects.put(input_key(job), removal.content, job.source.content_type)
                if backdrop:
                    self.cut_out.store_backdrop(job, backdrop)
                self.queue.send(message_for(job))
                return job
            return self._deliver(job, removal.content, seen, time_left, backdrop)
        except Exception:
            # The price is held, so the job must go on. The worker tries again, and what fails there as well ends in
            # the dead-letter queue.
            logger.exception("The request failed after its job was made; the queue takes over", job_id=job.job_id)
            self.queue.send(message_for(job), delay=SHORTEST_BACK_OFF)
            return self._handed_back(job)

    def _deliver(
        self,
        job: Job,
        content: bytes,
        seen: EncodedImage | Foreground,
        time_left: Callable[[], float],
        backdrop: Backdrop | None,
    ) -> Job:
        try:
            if job.matte_of is None:
                # Once more, as the price is held now: no more photos at once are let through than the credits pay for.
                self.allowance.require_left(job.user_id, self.clock())
        except UnchargedAllowanceUsedError as error:
            return self.cut_out.give_up(job, error)
        return self.cut_out.deliver_alone(job, content, seen, time_left=time_left, backdrop=backdrop)

    def _submit(self, job: Job, key: IdempotencyKey | None, now: datetime) -> Job:
        try:
            return self.intake.submit_free(job, key, now) if job.matte_of else self.intake.submit(job, key, now)
        except DomainError:
            raise
        except Exception:
            # Perhaps only the answer got lost, and the job is there with its price held. Whoever gets this message
            # finds out; without its photo such a job fails, and its price is released.
            self.queue.send(message_for(job), delay=INLINE_LEASE.total_seconds())
            raise

    def _handed_back(self, job: Job) -> Job:
        if job.lease is None:
            return job
        try:
            return self.jobs.hand_back(job, self.clock())
        except LeaseLostError:
            return self.jobs.get(job.user_id, job.job_id)  # It had ended or been handed back before the failure.

    def _new_job(self, removal: Removal, info: PhotoInfo, now: datetime) -> Job:
        lease = None if removal.respond_async else Lease(secrets.token_hex(16), now + INLINE_LEASE)
        return Job(
            user_id=removal.user_id,
            job_id=job_id(now, secrets.token_bytes(10)),
            tier=removal.tier.name,
            price=removal.tier.credits,
            status=JobStatus.PROCESSING if lease else JobStatus.QUEUED,
            source=Source(
                content_type=info.content_type,
                width=info.width,
                height=info.height,
                size=len(removal.content),
                file_name=removal.file_name,
                sha256=hashlib.sha256(removal.content).hexdigest(),
            ),
            options=removal.options,
            created_at=now,
            updated_at=now,
            retire_at=now + self.job_retention,
            due_at=lease.until + GRACE if lease else now + OVERDUE_AFTER,
            attempts=1 if lease else 0,
            lease=lease,
            anew=removal.anew,
        )
