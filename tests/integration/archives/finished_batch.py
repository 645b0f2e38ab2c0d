"""A batch whose photos were worked on, in real stores and with real results: what an archive is made of."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.batches import Batch
from background_remover.domain.jobs import (
    Failure,
    Job,
    JobStatus,
    Lease,
    Options,
    OutputFormat,
    Quality,
    Result,
    Source,
    item_id,
)
from background_remover.gateways.object_store import result_key

if TYPE_CHECKING:
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RETIRE_AT = NOON + timedelta(days=30)
USER, BATCH_ID, TIER, PRICE = "anna", "b1", "basic", 3


def new_batch(file_names: Sequence[str | None], output: OutputFormat = "png") -> tuple[Batch, list[Job]]:
    """To be submitted; its photos are there, and nobody has worked on them."""
    options = Options(format=output)
    batch = Batch(
        user_id=USER,
        batch_id=BATCH_ID,
        tier=TIER,
        options=options,
        total=len(file_names),
        price=PRICE * len(file_names),
        created_at=NOON,
        updated_at=NOON,
        retire_at=RETIRE_AT,
        due_at=NOON,
    )
    jobs = [
        Job(
            user_id=USER,
            job_id=item_id(BATCH_ID, position),
            batch_id=BATCH_ID,
            tier=TIER,
            price=PRICE,
            status=JobStatus.QUEUED,
            source=Source(content_type="image/png", size=10, file_name=name),
            options=options,
            created_at=NOON,
            updated_at=NOON,
            retire_at=RETIRE_AT,
            due_at=NOON,
        )
        for position, name in enumerate(file_names)
    ]
    return batch, jobs


def complete(jobs: JobStore, objects: ObjectStore, job: Job, content: bytes) -> None:
    objects.put(result_key(job), content, "image/png")
    result = Result(
        content_type="image/png",
        width=64,
        height=48,
        size=len(content),
        crc32=zlib.crc32(content),
        seconds=2.5,
        tier=job.tier,
        quality=Quality(100),
        looks=1,
    )
    jobs.complete(_leased(jobs, job), result, NOON)


def fail(jobs: JobStore, job: Job) -> None:
    jobs.fail(_leased(jobs, job), Failure("corrupt_image", "The image breaks off."), NOON)


def _leased(jobs: JobStore, job: Job) -> Job:
    return jobs.lease(job.user_id, job.job_id, Lease("a worker", NOON + timedelta(minutes=2)), NOON)
