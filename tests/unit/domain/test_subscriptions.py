from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from background_remover.domain.credit_errors import AlreadySubscribedError, UnknownPlanError
from background_remover.domain.subscriptions import (
    PLANS,
    Coverage,
    Subscription,
    Usage,
    coverage,
    months_after,
    plan_named,
    room,
    subscribed,
    taken,
)

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
STARTER, PRO = PLANS["starter"], PLANS["pro"]


def subscription(**changes: object) -> Subscription:
    fields: dict[str, object] = {"user_id": "anna", "subscription_id": "p1", "plan": "starter", "started_at": NOON}
    return Subscription(**{**fields, **changes})  # type: ignore[arg-type]  # whatever the test changes


def test_the_plans_cost_and_cover_what_was_announced() -> None:
    assert (STARTER.price, STARTER.daily_images, STARTER.tiers) == (99_000, 50, ("basic", "standard"))
    assert (PRO.price, PRO.daily_images, PRO.daily_capped) == (299_000, 200, 50)


def test_an_unknown_plan_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownPlanError, match="starter, pro"):
        plan_named("gold")


@pytest.mark.parametrize(
    ("months", "end"), [(1, date(2026, 2, 28)), (2, date(2026, 3, 31)), (3, date(2026, 4, 30)), (12, date(2027, 1, 31))]
)
def test_a_subscription_of_the_31st_ends_on_the_last_day_of_each_month(months: int, end: date) -> None:
    assert months_after(NOON, months) == NOON.replace(year=end.year, month=end.month, day=end.day)


def test_it_is_active_until_the_moment_its_period_ends() -> None:
    end = subscription().period_end
    assert subscription().is_active(end - timedelta(microseconds=1))
    assert not subscription().is_active(end)


def test_the_first_payment_begins_a_subscription() -> None:
    made = subscribed(None, STARTER, user_id="anna", payment_id="p1", now=NOON)
    assert made == subscription()


def test_who_has_the_plan_cannot_subscribe_to_it_again() -> None:
    with pytest.raises(AlreadySubscribedError):
        subscribed(subscription(), STARTER, user_id="anna", payment_id="p2", now=NOON)


def test_a_cancelled_subscription_goes_on_with_a_new_payment() -> None:
    again = subscribed(subscription(cancelled_at=NOON), STARTER, user_id="anna", payment_id="p2", now=NOON)
    assert (again.subscription_id, again.months, again.cancelled_at) == ("p1", 2, None)


def test_a_subscription_that_ended_is_followed_by_a_new_one() -> None:
    later = subscription().period_end
    again = subscribed(subscription(), STARTER, user_id="anna", payment_id="p2", now=later)
    assert (again.subscription_id, again.started_at, again.months) == ("p2", later, 1)


def test_another_plan_replaces_the_one_that_runs() -> None:
    changed = subscribed(subscription(), PRO, user_id="anna", payment_id="p2", now=NOON)
    assert (changed.plan, changed.subscription_id, changed.version) == ("pro", "p2", 2)


def test_a_day_is_a_day_in_utc() -> None:
    just_before_midnight = datetime(2026, 5, 5, 1, 59, tzinfo=timezone(timedelta(hours=2)))
    assert coverage(STARTER, "basic", just_before_midnight) == Coverage(date(2026, 5, 4), capped=False)


@pytest.mark.parametrize("tier", ["professional", "industry"])
def test_starter_does_not_cover_the_upper_tiers(tier: str) -> None:
    assert coverage(STARTER, tier, NOON) is None


@pytest.mark.parametrize(
    ("tier", "usage", "left"),
    [
        ("basic", Usage(0, 0), 200),
        ("basic", Usage(199, 50), 1),
        ("basic", Usage(200, 0), 0),
        ("industry", Usage(0, 0), 50),
        ("industry", Usage(49, 49), 1),
        ("industry", Usage(190, 10), 10),
        ("industry", Usage(60, 50), 0),
    ],
)
def test_the_upper_tiers_of_pro_have_a_quota_within_the_quota(tier: str, usage: Usage, left: int) -> None:
    covers = coverage(PRO, tier, NOON)
    assert covers
    assert room(PRO, covers, usage) == left


def test_a_quota_that_a_larger_plan_used_up_has_no_room_left() -> None:
    covers = coverage(STARTER, "basic", NOON)
    assert covers
    assert room(STARTER, covers, Usage(120, 0)) == 0


def test_what_jobs_took_is_summed_by_day() -> None:
    monday, tuesday = date(2026, 5, 4), date(2026, 5, 5)
    jobs = [Coverage(monday, capped=False), Coverage(monday, capped=True), Coverage(tuesday, capped=True)]
    assert taken(jobs) == {monday: Usage(2, 1), tuesday: Usage(1, 1)}
