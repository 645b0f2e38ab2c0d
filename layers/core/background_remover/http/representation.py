"""Domain objects as the API's JSON."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import LARGEST_UPLOAD, OPEN, JobStatus
from background_remover.domain.subscriptions import PLANS
from background_remover.domain.tiers import TIERS
from background_remover.gateways.object_store import LINK_LIFETIME, matte_key, result_key, thumbnail_key

if TYPE_CHECKING:
    from background_remover.domain.api_keys import ApiKey
    from background_remover.domain.batches import Batch
    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.jobs import Job
    from background_remover.domain.pricing import Quote
    from background_remover.domain.statistics import Statistics
    from background_remover.domain.subscriptions import Plan, Subscription, Usage
    from background_remover.gateways.object_store import ObjectStore


def job_summary(job: Job) -> dict[str, Any]:
    """A job as it stands in a list. `credits` is what it holds, or has cost if it completed.

    With `coveredOn` it costs none: it was taken from the quota of that day.
    """
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
    if job.coverage:
        summary["coveredOn"] = job.coverage.day.isoformat()
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


def subscription_body(subscription: Subscription | None, usage: Usage, now: datetime) -> dict[str, Any]:
    """`subscription` is null where none runs. `usage` is today's."""
    body: dict[str, Any] = {"subscription": None, "plans": [_plan(plan) for plan in PLANS.values()]}
    if subscription and subscription.is_active(now):
        plan = PLANS[subscription.plan]
        midnight = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
        body["subscription"] = {
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
    return body


def _plan(plan: Plan) -> dict[str, Any]:
    """`price` in rupiah a month."""
    return {
        "plan": plan.name,
        "price": plan.price,
        "currency": "IDR",
        "dailyImages": plan.daily_images,
        "tiers": list(plan.tiers),
        "cappedTiers": list(plan.capped_tiers),
        "dailyCapped": plan.daily_capped,
    }


def quote_body(quote: Quote, *, tier: str, left_today: int | None) -> dict[str, Any]:
    """`left_today`: how many images of the tier the caller's plan still covers today; None where none has the tier."""
    covered = left_today is not None and quote.images <= left_today
    return {
        "totalImages": quote.images,
        "tier": tier,
        "unitPrice": quote.unit_price,
        "discount": quote.discount,
        "finalPrice": quote.price,
        "withSubscription": {"covered": covered, "leftToday": left_today, "price": 0 if covered else quote.price},
    }


def statistics_body(statistics: Statistics) -> dict[str, Any]:
    """Of jobs that have ended. Rates and times are null until there is one to measure."""
    ended = [status.value for status in JobStatus if status not in OPEN]
    seconds = {"mean": statistics.mean_seconds(), "p95": statistics.percentile_seconds(95)}
    rate = statistics.success_rate()
    return {
        "total": statistics.count(),
        "byStatus": {status: statistics.count(status=status) for status in ended},
        "byTier": {tier: statistics.count(tier=tier) for tier in TIERS},
        "successRate": None if rate is None else round(rate, 4),
        "processingSeconds": {name: None if each is None else round(each, 3) for name, each in seconds.items()},
        "creditsSpent": statistics.credits,
        "coveredImages": statistics.covered,
    }


def api_key_body(key: ApiKey) -> dict[str, Any]:
    return {
        "keyId": key.key_id,
        "name": key.name,
        "prefix": key.beginning,
        "createdAt": key.created_at.isoformat(),
        "lastUsedAt": key.last_used_at.isoformat() if key.last_used_at else None,
    }
