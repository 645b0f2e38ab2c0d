"""A photo that the caller will upload itself: the job is there, with its price held, before the bytes are."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.jobs import GRACE, UPLOAD_WINDOW, Job, JobStatus, Options, Source, job_id
from background_remover.domain.tiers import Model, Tier, require_served
from background_remover.gateways.idempotency import IdempotencyKey

if TYPE_CHECKING:
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    user_id: str
    tier: Tier
    source: Source
    options: Options
    idempotency_key: str | None
    anew: bool = False

    def fingerprint(self) -> str:
        """Identifies the request behind an Idempotency-Key."""
        return hashlib.sha256(repr((self.tier.name, self.source, self.options)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUpload:
    intake: JobIntake
    models: Collection[Model]
    allowance: UnchargedAllowance
    job_retention: timedelta
    clock: Callable[[], datetime]

    def __call__(self, request: UploadRequest) -> Job:
        """The job that awaits its photo. A repeat with the same idempotency key gets the first job as it is now.

        Raises `TierUnavailableError`, `UnchargedAllowanceUsedError` and what `JobIntake.submit` raises.
        """
        require_served(request.tier.model, self.models)
        now = self.clock()
        job = Job(
            user_id=request.user_id,
            job_id=job_id(now, secrets.token_bytes(10)),
            tier=request.tier.name,
            price=request.tier.credits,
            status=JobStatus.AWAITING_UPLOAD,
            source=request.source,
            options=request.options,
            created_at=now,
            updated_at=now,
            retire_at=now + self.job_retention,
            due_at=now + UPLOAD_WINDOW + GRACE,
            anew=request.anew,
        )
        key = IdempotencyKey(request.idempotency_key, request.fingerprint()) if request.idempotency_key else None
        self.allowance.require_left(request.user_id, now, repeats=key)
        return self.intake.submit(job, key, now)
