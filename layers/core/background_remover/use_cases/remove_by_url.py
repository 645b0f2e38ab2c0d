"""One image by its URL: taken on, and fetched and cut out within the request where that is possible."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.jobs import OVERDUE_AFTER, UNKNOWN_TYPE, Job, JobStatus, Source, job_id
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.work_queue import message_for
from background_remover.use_cases.asked import Asked
from imaging.backdrop import read_backdrop

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.process_at_once import ProcessAtOnce
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRemoval(Asked):
    """`url` is where the photo is: one that `PublicUrl.parse` takes."""

    url: str

    def fingerprint(self) -> str:
        """Identifies the request behind an Idempotency-Key, whatever is at the URL by then."""
        asked = (self.tier.name, self.options, self.file_name, self.url)
        return hashlib.sha256(repr(asked).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveByUrl:
    intake: JobIntake
    queue: WorkQueue
    hugging_face: HuggingFace
    process_at_once: ProcessAtOnce
    allowance: UnchargedAllowance
    job_retention: timedelta
    clock: Callable[[], datetime]

    def __call__(self, removal: UrlRemoval, *, time_left: Callable[[], float]) -> Job:
        """The job: completed, failed if its photo could not be had or used, or in the worker's hands.

        A repeat with the same idempotency key gets the job of the first request as it is then. Raises
        `TierUnavailableError`, `ImageError` of the background image, `UnchargedAllowanceUsedError` and what
        `JobIntake.submit` raises; then nothing was charged or stored.
        """
        self.hugging_face.route(removal.tier.model)
        backdrop = None if removal.background_image is None else read_backdrop(removal.background_image)
        now = self.clock()
        key = IdempotencyKey(removal.idempotency_key, removal.fingerprint()) if removal.idempotency_key else None
        self.allowance.require_left(removal.user_id, now, repeats=key)
        job = self.intake.submit(_new_job(removal, now, self.job_retention), key, now)
        if job.status is not JobStatus.QUEUED:
            return job
        if backdrop:
            self.process_at_once.process_job.cut_out.store_backdrop(job, backdrop)
        if removal.respond_async:
            self.queue.send(message_for(job))
            return job
        return self.process_at_once(job, time_left=time_left)


def _new_job(removal: UrlRemoval, now: datetime, retention: timedelta) -> Job:
    """Of one whose request died before it came further, the reconciler sends the message."""
    return Job(
        user_id=removal.user_id,
        job_id=job_id(now, secrets.token_bytes(10)),
        tier=removal.tier.name,
        price=removal.tier.credits,
        status=JobStatus.QUEUED,
        source=Source(content_type=UNKNOWN_TYPE, file_name=removal.file_name, url=removal.url),
        options=removal.options,
        created_at=now,
        updated_at=now,
        retire_at=now + retention,
        due_at=now + OVERDUE_AFTER,
        anew=removal.anew,
    )
