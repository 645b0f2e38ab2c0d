"""Subscriptions: a plan covers so many images a day, which then cost no credits.

A day is a day in UTC. What a plan does not cover whole is paid for with credits, whole.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from background_remover.domain.credit_errors import AlreadySubscribedError, UnknownPlanError

RENEWAL_GRACE = timedelta(days=7)
"""How long after its end a subscription is still renewed by a payment that comes late."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`price` in Indonesian rupiah a month.

    `daily_images` of all `tiers` together, of which at most `daily_capped` of the `capped_tiers` together.
    """

    name: str
    price: int
    daily_images: int
    tiers: tuple[str, ...]
    capped_tiers: tuple[str, ...] = ()
    daily_capped: int = 0


PLANS = {
    plan.name: plan
    for plan in (
        Plan("starter", 99_000, daily_images=50, tiers=("basic", "standard")),
        Plan(
            "pro",
            299_000,
            daily_images=200,
            tiers=("basic", "standard", "professional", "industry"),
            capped_tiers=("professional", "industry"),
            daily_capped=50,
        ),
    )
}


def plan_named(name: str) -> Plan:
    """Raises `UnknownPlanError`, which lists the plans there are."""
    try:
        return PLANS[name]
    except KeyError:
        raise UnknownPlanError(f"There is no plan “{name}”. Choose one of: {', '.join(PLANS)}.") from None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a job took from a plan's quota: an image of this day, of the capped ones where `capped`."""

    day: date
    capped: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What was taken from the quota on one day, `capped` being part of `used`."""

    used: int = 0
    capped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`subscription_id` is the id of its first payment. It lasts `months` from `started_at` on, each of them paid for.

    `version` grows with every change.
    """

    user_id: str
    subscription_id: str
    plan: str
    started_at: datetime
    months: int = 1
    cancelled_at: datetime | None = None
    version: int = 1

    @property
    def period_end(self) -> datetime:
        return months_after(self.started_at, self.months)

    def is_active(self, now: datetime) -> bool:
        return now < self.period_end

    def renews(self, now: datetime) -> bool:
        """Whether a further payment for its plan renews it by itself."""
        return self.cancelled_at is None and self.months > 0 and now < self.period_end + RENEWAL_GRACE

    def prolonged(self) -> "Subscription":
        return replace(self, months=self.months + 1, cancelled_at=None, version=self.version + 1)

    def begun_anew(self, payment_id: str, now: datetime) -> "Subscription":
        """It had ended; the payment begins another of the same plan."""
        return Subscription(
            user_id=self.user_id,
            subscription_id=payment_id,
            plan=self.plan,
            started_at=now,
            version=self.version + 1,
        )

    def shortened(self) -> "Subscription":
        """One of its months was refunded."""
        return replace(self, months=self.months - 1, version=self.version + 1)


def subscribed(
    current: Subscription | None, plan: Plan, *, user_id: str, payment_id: str, now: datetime
) -> Subscription:
    """What a payment for the plan makes of the current subscription.

    A cancelled one of the same plan goes on; one of another plan is replaced, at once. Raises `AlreadySubscribedError`.
    """
    if current and current.plan == plan.name and current.is_active(now):
        if current.cancelled_at is None:
            raise AlreadySubscribedError(
                f"You have the plan {plan.name} until {current.period_end.isoformat()}, and it renews itself. "
                "Cancel it first, or use this payment when it has ended."
            )
        return current.prolonged()
    return Subscription(
        user_id=user_id,
        subscription_id=payment_id,
        plan=plan.name,
        started_at=now,
        version=current.version + 1 if current else 1,
    )


def coverage(plan: Plan, tier: str, now: datetime) -> Coverage | None:
    """What an image of the tier takes from the plan's quota now; None where the plan does not have the tier."""
    if tier not in plan.tiers:
        return None
    return Coverage(now.astimezone(UTC).date(), capped=tier in plan.capped_tiers)


def room(plan: Plan, covers: Coverage, usage: Usage) -> int:
    """How many more such images the plan covers on that day."""
    left = plan.daily_images - usage.used
    return max(0, min(left, plan.daily_capped - usage.capped) if covers.capped else left)


def taken(coverages: Iterable[Coverage]) -> dict[date, Usage]:
    """What was taken from the quota of each day."""
    days: dict[date, Usage] = {}
    for each in coverages:
        before = days.get(each.day, Usage())
        days[each.day] = Usage(before.used + 1, before.capped + each.capped)
    return days


def months_after(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that is too short."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
