"""Batches as the API's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.gateways.object_store import LINK_LIFETIME

if TYPE_CHECKING:
    from background_remover.domain.batches import Archive, Batch
    from background_remover.http.answers import batches as answers
    from background_remover.http.answers.jobs import JobSummary, JobWithUpload


def created_batch(batch: Batch, items: list[JobWithUpload], now: datetime) -> answers.CreatedBatch:
    return {**_batch(batch, now), "items": items, "nextCursor": None}


def batch_page(batch: Batch, items: list[JobSummary], next_cursor: str | None, now: datetime) -> answers.BatchPage:
    return {**_batch(batch, now), "items": items, "nextCursor": next_cursor}


def _batch(batch: Batch, now: datetime) -> answers.Batch:
    left = batch.seconds_left(now)
    body: answers.Batch = {
        "batchId": batch.batch_id,
        "status": batch.status,
        "tier": batch.tier,
        "format": batch.options.format,
        "total": batch.total,
        "counts": {
            "open": batch.total - batch.ended,
            "completed": batch.completed,
            "failed": batch.failed,
            "cancelled": batch.cancelled,
            "expired": batch.expired,
        },
        "percent": batch.per_cent,
        "secondsLeft": None if left is None else round(left, 1),
        "credits": {
            "price": batch.price,
            "held": batch.held,
            "charged": batch.charged,
            "released": batch.released,
        },
        "zipReady": batch.archive is not None,
        "createdAt": batch.created_at.isoformat(),
        "updatedAt": batch.updated_at.isoformat(),
    }
    if batch.archive_failure:
        body["error"] = {"code": batch.archive_failure.code, "detail": batch.archive_failure.detail}
    return body


def archive_link(archive: Archive, link: str, now: datetime) -> answers.ArchiveLink:
    return {"zipUrl": link, "zipSize": archive.size, "expiresAt": (now + LINK_LIFETIME).isoformat()}
