"""Domain objects as the API's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from background_remover.domain.jobs import LARGEST_UPLOAD, OPEN, JobStatus
from background_remover.gateways.object_store import LINK_LIFETIME, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from background_remover.domain.batches import Archive, Batch
    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.jobs import Job
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.http import answers


def job_summary(job: Job) -> answers.JobSummary:
    summary: answers.JobSummary = {
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


def job_with_links(
    job: Job, objects: ObjectStore, now: datetime, *, matte_retention: timedelta
) -> answers.JobWithLinks:
    body = cast("answers.JobWithLinks", job_summary(job))
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


def job_with_upload(job: Job, objects: ObjectStore, now: datetime) -> answers.JobWithUpload:
    body = cast("answers.JobWithUpload", job_summary(job))
    if job.status is JobStatus.AWAITING_UPLOAD and now < job.upload_until():
        form = objects.upload_form(job, now)
        body["upload"] = {
            "url": form["url"],
            "fields": form["fields"],
            "expiresAt": job.upload_until().isoformat(),
            "maxSize": LARGEST_UPLOAD,
        }
    return body


def jobs_page(jobs: list[Job], next_cursor: str | None) -> answers.JobsPage:
    return {"jobs": [job_summary(job) for job in jobs], "nextCursor": next_cursor}


def created_batch(batch: Batch, items: list[answers.JobWithUpload], now: datetime) -> answers.CreatedBatch:
    return {**_batch(batch, now), "items": items, "nextCursor": None}


def batch_page(
    batch: Batch, items: list[answers.JobSummary], next_cursor: str | None, now: datetime
) -> answers.BatchPage:
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


def credits_body(balance: Balance, entries: list[LedgerEntry], next_cursor: str | None) -> answers.CreditsPage:
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
