"""Domain objects as the API's JSON."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, cast

from background_remover.domain.jobs import LARGEST_UPLOAD, OPEN, JobStatus
from background_remover.domain.subscriptions import PLANS
from background_remover.domain.tiers import TIERS
from background_remover.gateways.object_store import LINK_LIFETIME, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from background_remover.domain.api_keys import ApiKey
    from background_remover.domain.batches import Archive, Batch
    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.jobs import Job
    from background_remover.domain.pricing import Quote
    from background_remover.domain.statistics import Statistics
    from background_remover.domain.subscriptions import Plan, Subscription, Usage
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.http import answers
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
            "width": job.result.width,
            "height": job.result.height,
            "size": job.result.size,
            "seconds": job.result.seconds,
        }
        if now < job.created_at + matte_retention:
            body["result"]["matteUrl"] = objects.link(matte_key(job))
    return body


def rendered_job(rendering: Rendering, objects: ObjectStore, now: datetime) -> answers.RenderedJob:
    return {
        "jobId": rendering.job_id,
        "refinement": rendering.refinement,
        "rendering": {
            "url": objects.link(rendering.key),
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
        "owed": balance.owed,
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


def plans_body(subscription: Subscription | None, usage: Usage, now: datetime) -> answers.Plans:
    return {
        "subscription": subscription_body(subscription, usage, now),
        "plans": [_plan(plan) for plan in PLANS.values()],
    }


def subscription_body(subscription: Subscription | None, usage: Usage, now: datetime) -> answers.Subscription | None:
    """None where none runs. `usage` is today's."""
    if subscription is None or not subscription.is_active(now):
        return None
    plan = PLANS[subscription.plan]
    midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
    return {
        "plan": plan.name,
        "startedAt": subscription.started_at.isoformat(),
        "periodEnd": subscription.period_end.isoformat(),
        "cancelled": subscription.cancelled_at is not None,
        "today": {
            "used": usage.used,
            "quota": plan.daily_images,
            "cappedUsed": usage.capped,
            "cappedQuota": plan.daily_capped,
            "resetsAt": midnight.isoformat(),
        },
    }


def _plan(plan: Plan) -> answers.Plan:
    return {
        "plan": plan.name,
        "price": plan.price,
        "currency": "IDR",
        "dailyImages": plan.daily_images,
        "tiers": list(plan.tiers),
        "cappedTiers": list(plan.capped_tiers),
        "dailyCapped": plan.daily_capped,
    }


def quote_body(quote: Quote, *, tier: str, left_today: int | None) -> answers.Quote:
    covered = left_today is not None and quote.images <= left_today
    return {
        "totalImages": quote.images,
        "tier": tier,
        "unitPrice": quote.unit_price,
        "discount": quote.discount,
        "finalPrice": quote.price,
        "withSubscription": {"covered": covered, "leftToday": left_today, "price": 0 if covered else quote.price},
    }


def statistics_body(statistics: Statistics, subscription: answers.Subscription | None) -> answers.Statistics:
    mean, p95, rate = statistics.mean_seconds(), statistics.percentile_seconds(95), statistics.success_rate()
    return {
        "total": statistics.count(),
        "byStatus": {
            "completed": statistics.count(status=JobStatus.COMPLETED),
            "failed": statistics.count(status=JobStatus.FAILED),
            "cancelled": statistics.count(status=JobStatus.CANCELLED),
            "expired": statistics.count(status=JobStatus.EXPIRED),
        },
        "byTier": cast("answers.EndedByTier", {tier: statistics.count(tier=tier) for tier in TIERS}),
        "successRate": None if rate is None else round(rate, 4),
        "processingSeconds": {
            "mean": None if mean is None else round(mean, 3),
            "p95": None if p95 is None else round(p95, 3),
        },
        "creditsSpent": statistics.credits,
        "coveredImages": statistics.covered,
        "subscription": subscription,
    }


def api_key_body(key: ApiKey) -> answers.ApiKey:
    return {
        "keyId": key.key_id,
        "name": key.name,
        "prefix": key.beginning,
        "createdAt": key.created_at.isoformat(),
        "lastUsedAt": key.last_used_at.isoformat() if key.last_used_at else None,
    }
