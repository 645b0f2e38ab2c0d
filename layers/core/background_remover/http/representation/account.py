"""What a caller has, may use and has used, as the API's JSON."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, cast

from background_remover.domain.jobs import JobStatus
from background_remover.domain.subscriptions import PLANS
from background_remover.domain.tiers import TIERS

if TYPE_CHECKING:
    from background_remover.domain.allowance import Allowance
    from background_remover.domain.api_keys import ApiKey
    from background_remover.domain.credits import Balance, LedgerEntry
    from background_remover.domain.pricing import Quote
    from background_remover.domain.statistics import Statistics
    from background_remover.domain.subscriptions import Plan, Subscription, Usage
    from background_remover.http.answers import account as answers


def credits_body(
    balance: Balance, uncharged: Allowance, entries: list[LedgerEntry], next_cursor: str | None
) -> answers.CreditsPage:
    return {
        "available": balance.available,
        "held": balance.held,
        "owed": balance.owed,
        "unchargedInferences": {
            "used": uncharged.used,
            "allowed": uncharged.granted,
            "resetsAt": uncharged.resets_at.isoformat(),
        },
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
        "cachedImages": statistics.cached,
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
