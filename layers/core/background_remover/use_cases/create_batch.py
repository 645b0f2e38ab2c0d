"""Up to 500 photos at once: priced together, held together, each a job of its own."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.batches import Batch
from background_remover.domain.errors import DomainError
from background_remover.domain.jobs import (
    GRACE,
    OVERDUE_AFTER,
    UPLOAD_WINDOW,
    Job,
    JobStatus,
    Options,
    Source,
    item_id,
    job_id,
)
from background_remover.domain.pricing import quote, shares
from background_remover.domain.tiers import Model, Tier, require_served
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.work_queue import WorkQueue
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance

_CALLS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class BatchFile:
    """`content` is there when the file came with the request; None says that it will be uploaded, or fetched where
    its source has a URL."""

    source: Source
    content: bytes | None = None

    @property
    def will_be_uploaded(self) -> bool:
        return self.content is None and self.source.url is None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """1 to `LARGEST_BATCH` files."""

    user_id: str
    tier: Tier
    options: Options
    files: list[BatchFile]
    idempotency_key: str | None
    anew: bool = False

    def fingerprint(self) -> str:
        """Identifies the request behind an Idempotency-Key."""
        digest = hashlib.sha256(repr((self.tier.name, self.options, [file.source for file in self.files])).encode())
        for file in self.files:
            digest.update(hashlib.sha256(file.content or (file.source.url or "").encode()).digest())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class CreatedBatch:
    """With its jobs, in the order of the files."""

    batch: Batch
    jobs: list[Job]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBatch:
    batches: BatchStore
    objects: ObjectStore
    queue: WorkQueue
    models: Collection[Model]
    allowance: UnchargedAllowance
    job_retention: timedelta
    clock: Callable[[], datetime]

    def __call__(self, request: BatchRequest) -> CreatedBatch:
        """The batch, with its jobs in the queue but for those whose files will be uploaded.

        A repeat with the same key gets the first.

        Raises `TierUnavailableError`, `UnchargedAllowanceUsedError` and what `BatchStore.submit` raises; then nothing
        is held or stored.
        """
        require_served(request.tier.model, self.models)
        now = self.clock()
        key = IdempotencyKey(request.idempotency_key, request.fingerprint()) if request.idempotency_key else None
        self.allowance.require_left(request.user_id, now, repeats=key)
        batch, jobs = self._new(request, now)
        inline = [
            (job, file.content) for job, file in zip(jobs, request.files, strict=True) if file.content is not None
        ]
        self._store(inline)
        try:
            submitted, jobs = self.batches.submit(batch, jobs, key, now)
        except DomainError:
            # After any other error the batch may be there all the same; the reconciler finds out.
            self._discard(inline)
            raise
        if submitted.batch_id != batch.batch_id:
            self._discard(inline)
            self._store(_waiting(jobs, request.files))
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as threads:
            list(threads.map(self.queue.send, [message_for(job) for job in jobs if job.status is JobStatus.QUEUED]))
        return CreatedBatch(submitted, jobs)

    def _store(self, inline: list[tuple[Job, bytes]]) -> None:
        def put(item: tuple[Job, bytes]) -> None:
            job, content = item
            self.objects.put(input_key(job), content, job.source.content_type)

        with ThreadPoolExecutor(_CALLS_AT_ONCE) as threads:
            list(threads.map(put, inline))

    def _discard(self, inline: list[tuple[Job, bytes]]) -> None:
        if inline:
            self.objects.delete([input_key(job) for job, _ in inline])

    def _new(self, request: BatchRequest, now: datetime) -> tuple[Batch, list[Job]]:
        total = len(request.files)
        price = quote(total, request.tier.credits).price
        batch = Batch(
            user_id=request.user_id,
            batch_id=job_id(now, secrets.token_bytes(10)),
            tier=request.tier.name,
            options=request.options,
            total=total,
            price=price,
            created_at=now,
            updated_at=now,
            retire_at=now + self.job_retention,
            due_at=now + UPLOAD_WINDOW + 2 * GRACE,  # After its jobs, which are due first.
        )
        jobs = [
            Job(
                user_id=request.user_id,
                job_id=item_id(batch.batch_id, position),
                batch_id=batch.batch_id,
                tier=request.tier.name,
                price=share,
                status=JobStatus.AWAITING_UPLOAD if file.will_be_uploaded else JobStatus.QUEUED,
                source=file.source,
                options=request.options,
                created_at=now,
                updated_at=now,
                retire_at=batch.retire_at,
                due_at=now + (UPLOAD_WINDOW + GRACE if file.will_be_uploaded else OVERDUE_AFTER),
                anew=request.anew,
            )
            for position, (file, share) in enumerate(zip(request.files, shares(price, total), strict=True))
        ]
        return batch, jobs


def _waiting(jobs: Collection[Job], files: list[BatchFile]) -> list[tuple[Job, bytes]]:
    """The jobs that nobody has begun, with their photos: those of the first request may never have been stored."""
    waiting = {job.job_id: job for job in jobs if job.status is JobStatus.QUEUED}
    batch_id = next((job.batch_id for job in jobs), None) or ""
    positions = ((waiting.get(item_id(batch_id, position)), file.content) for position, file in enumerate(files))
    return [(job, content) for job, content in positions if job and content is not None]
