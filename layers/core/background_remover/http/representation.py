"""Domain objects as the API's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import LARGEST_UPLOAD, OPEN, JobStatus
from background_remover.gateways.object_store import LINK_LIFETIME, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from background_remover.domain.api_keys import ApiKey
    from background_remover.domain.batches import Batch
    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.jobs import Job
    from background_remover.gateways.object_store import ObjectStore


def job_summary(job: Job) -> dict[str, Any]:
    """A job as it stands in a list. `credits` is what it holds, or has cost if it completed."""
    summary = {
        "jobId": job.job_id,
        "status": job.status,
        "tier": job.tier,
        "credits": job.price if job.status in OPEN or job.status is JobStatus.COMPLETED else 0,
        "format": job.options.format,
        "source": {
            "contentType": job.source.content_type,
            "width": job.source.width,
            "height": job.source.height,
            "size": job.source.size,
        },
        "createdAt": job.created_at.isoformat(),
        "updatedAt": job.updated_at.isoformat(),
    }
    if job.batch_id:
        summary["batchId"] = job.batch_id
    if job.source.file_name:
        summary["fileName"] = job.source.file_name
    if job.failure:
        summary["error"] = {"code": job.failure.code, "detail": job.failure.detail}
    return summary


def job_with_links(job: Job, objects: ObjectStore, now: datetime, *, matte_retention: timedelta) -> dict[str, Any]:
    """A job with presigned links to what it made and is still kept."""
    body = job_summary(job)
    if job.result:
        body["result"] = {
            "url": objects.link(result_key(job)),
            "thumbnailUrl": objects.link(thumbnail_key(job)),
            "expiresAt": (now + LINK_LIFETIME).isoformat(),
            "contentType": job.result.content_type,
            "size": job.result.size,
            "seconds": job.result.seconds,
        }
        if now < job.created_at + matte_retention:
            body["result"]["matteUrl"] = objects.link(matte_key(job))
    return body


def job_with_upload(job: Job, objects: ObjectStore, now: datetime) -> dict[str, Any]:
    """A job with the form for its photo, as long as that is awaited."""
    body = job_summary(job)
    if job.status is JobStatus.AWAITING_UPLOAD and now < job.upload_until():
        form = objects.upload_form(job, now)
        body["upload"] = {
            "url": form["url"],
            "fields": form["fields"],
            "expiresAt": job.upload_until().isoformat(),
            "maxSize": LARGEST_UPLOAD,
        }
    return body


def batch_body(batch: Batch, items: list[dict[str, Any]], next_cursor: str | None, now: datetime) -> dict[str, Any]:
    """`secondsLeft` is null until something was measured."""
    left = batch.seconds_left(now)
    body = {
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
        "items": items,
        "nextCursor": next_cursor,
    }
    if batch.archive_failure:
        body["error"] = {"code": batch.archive_failure.code, "detail": batch.archive_failure.detail}
    return body


def credits_body(balance: Balance, entries: list[LedgerEntry], next_cursor: str | None) -> dict[str, Any]:
    return {
        "available": balance.available,
        "held": balance.held,
        "ledger": [
            {
                "entryId": entry.entry_id,
                "kind": entry.movement.kind,
                "available": entry.movement.available,
                "held": entry.movement.held,
                "reference": entry.reference,
                "createdAt": entry.created_at.isoformat(),
            }
            for entry in entries
        ],
        "nextCursor": next_cursor,
    }


def api_key_body(key: ApiKey) -> dict[str, Any]:
    return {
        "keyId": key.key_id,
        "name": key.name,
        "prefix": key.beginning,
        "createdAt": key.created_at.isoformat(),
        "lastUsedAt": key.last_used_at.isoformat() if key.last_used_at else None,
    }
