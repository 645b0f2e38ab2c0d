"""Jobs as the API's JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from background_remover.domain.file_names import EXTENSIONS, saved_name
from background_remover.domain.jobs import LARGEST_UPLOAD, OPEN, JobStatus
from background_remover.gateways.object_store import LINK_LIFETIME, input_key, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.http.answers import jobs as answers
    from background_remover.use_cases.render import Rendering


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
    if job.coverage:
        summary["coveredOn"] = job.coverage.day.isoformat()
    if job.batch_id:
        summary["batchId"] = job.batch_id
    if job.source.file_name:
        summary["fileName"] = job.source.file_name
    if job.result:
        summary["deliveredTier"] = job.result.tier
        summary["quality"] = {"score": job.result.quality.score, "reasons": list(job.result.quality.reasons)}
        summary["looks"] = job.result.looks
        summary["cached"] = job.matte_of is not None
    if job.failure:
        summary["error"] = {"code": job.failure.code, "detail": job.failure.detail}
    return summary


def job_with_links(
    job: Job, objects: ObjectStore, now: datetime, *, matte_retention: timedelta
) -> answers.JobWithLinks:
    body = cast("answers.JobWithLinks", job_summary(job))
    if job.result:
        original = job.source.file_name or job.job_id
        body["result"] = {
            "url": objects.link(result_key(job), file_name=saved_name(original, EXTENSIONS[job.options.format])),
            "thumbnailUrl": objects.link(thumbnail_key(job), file_name=saved_name(original, "webp", kind="thumbnail")),
            "expiresAt": (now + LINK_LIFETIME).isoformat(),
            "contentType": job.result.content_type,
            "width": job.result.width,
            "height": job.result.height,
            "size": job.result.size,
            "seconds": job.result.seconds,
        }
        if now < job.created_at + matte_retention:
            matte = saved_name(original, "png", kind="matte")
            body["result"]["matteUrl"] = objects.link(matte_key(job), file_name=matte)
            photo = saved_name(original, job.source.content_type.removeprefix("image/"), kind="photo")
            body["result"]["photoUrl"] = objects.link(input_key(job), file_name=photo)
    return body


def rendered_job(rendering: Rendering, objects: ObjectStore, now: datetime) -> answers.RenderedJob:
    return {
        "jobId": rendering.job_id,
        "refinement": rendering.refinement,
        "rendering": {
            "url": objects.link(rendering.key, file_name=rendering.file_name),
            "expiresAt": (now + LINK_LIFETIME).isoformat(),
            "contentType": rendering.content_type,
            "width": rendering.width,
            "height": rendering.height,
            "size": rendering.size,
            "seconds": rendering.seconds,
        },
    }


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
