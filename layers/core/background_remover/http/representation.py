"""Domain objects as the API's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import JobStatus
from background_remover.gateways.object_store import LINK_LIFETIME, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.jobs import Job
    from background_remover.gateways.object_store import ObjectStore


def job_summary(job: Job) -> dict[str, Any]:
    """A job as it stands in a list. `credits` is what it holds, or has cost if it completed."""
    summary = {
        "jobId": job.job_id,
        "status": job.status,
        "tier": job.tier,
        "credits": 0 if job.status in (JobStatus.FAILED, JobStatus.CANCELLED) else job.price,
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
