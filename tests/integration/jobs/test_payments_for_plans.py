"""What users make of a payment for a plan, and what becomes of the plan when that is refunded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from background_remover.domain.credit_errors import (
    AlreadySubscribedError,
    PaymentForSomethingElseError,
    PaymentNotFoundError,
    PaymentOfAnotherUserError,
    PaymentRefundedError,
    PaymentUsedError,
    SubscriptionNotFoundError,
)
from background_remover.domain.payments import PaymentState
from background_remover.domain.subscriptions import PLANS, Subscription
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.integration.jobs.test_payments import refund, state

MONTH_LATER = NOON.replace(month=6)


def current(account: Account) -> Subscription:
    subscription = account.subscriptions.current("anna")
    assert subscription
    return subscription


def pay(account: Account, payment_id: str, plan: str, user_id: str = "anna") -> None:
    account.receive_payment().succeeded(payment_id, user_id, plan=plan)


def test_a_payment_for_a_plan_waits_for_its_user_to_subscribe(account: Account) -> None:
    pay(account, "p1", "starter")

    assert account.subscriptions.current("anna") is None
    subscription = account.subscribing()("anna", PLANS["starter"], "p1")
    assert (subscription.plan, subscription.period_end, state(account, "p1")) == (
        "starter",
        MONTH_LATER,
        PaymentState.USED,
    )


def test_a_repeat_gets_the_same_subscription(account: Account) -> None:
    first = account.subscribe("starter")

    assert account.subscribing()("anna", PLANS["starter"], "p1") == first


def test_without_a_payment_there_is_no_plan(account: Account) -> None:
    with pytest.raises(PaymentNotFoundError):
        account.subscribing()("anna", PLANS["pro"], "p1")


def test_somebody_elses_payment_is_of_no_use(account: Account) -> None:
    pay(account, "p1", "pro", user_id="ben")

    with pytest.raises(PaymentOfAnotherUserError):
        account.subscribing()("anna", PLANS["pro"], "p1")


@pytest.mark.parametrize("bought", [{"plan": "starter"}, {"credits": 500}])
def test_a_payment_for_something_else_is_of_no_use(account: Account, bought: dict[str, object]) -> None:
    account.receive_payment().succeeded("p1", "anna", **bought)  # type: ignore[arg-type]  # as parametrised

    with pytest.raises(PaymentForSomethingElseError):
        account.subscribing()("anna", PLANS["pro"], "p1")


def test_a_payment_makes_one_subscription_only(account: Account) -> None:
    account.subscribe("starter")
    account.clock.now = MONTH_LATER

    with pytest.raises(PaymentUsedError):
        account.subscribing()("anna", PLANS["starter"], "p1")


def test_a_refunded_payment_is_of_no_use(account: Account) -> None:
    pay(account, "p1", "starter")
    refund(account, "p1")

    with pytest.raises(PaymentRefundedError):
        account.subscribing()("anna", PLANS["starter"], "p1")


def test_who_has_the_plan_need_not_subscribe_again(account: Account) -> None:
    account.subscribe("starter")
    account.subscribing().cancel("anna")
    pay(account, "p2", "starter")
    account.subscribing()("anna", PLANS["starter"], "p2")
    pay(account, "p3", "starter")
    account.subscribing().cancel("anna")
    pay(account, "p4", "starter")
    account.subscribing()("anna", PLANS["starter"], "p4")
    assert current(account).months == 4

    pay(account, "p5", "pro")
    with pytest.raises(PaymentForSomethingElseError):
        account.subscribing()("anna", PLANS["starter"], "p5")


def test_subscribing_twice_is_refused_and_the_payment_can_still_be_used(account: Account) -> None:
    pay(account, "p2", "pro")
    account.subscribe("pro", payment_id="p1")

    with pytest.raises(AlreadySubscribedError):
        account.subscribing()("anna", PLANS["pro"], "p2")

    assert state(account, "p2") is PaymentState.RECORDED
    account.clock.now = MONTH_LATER
    assert account.subscribing()("anna", PLANS["pro"], "p2").subscription_id == "p2"


def test_a_further_payment_renews_the_plan_once(account: Account) -> None:
    account.subscribe("starter")

    for _ in range(3):
        pay(account, "p2", "starter")

    assert (current(account).months, state(account, "p2")) == (2, PaymentState.USED)


def test_a_renewal_that_was_interrupted_is_brought_to_its_end_by_the_repeat(account: Account) -> None:
    account.subscribe("starter")
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", AnswerLostError, occurrence=2))
        with pytest.raises(AnswerLostError):
            pay(account, "p2", "starter")
    assert (current(account).months, state(account, "p2")) == (1, PaymentState.RECORDED)

    pay(account, "p2", "starter")

    assert current(account).months == 2


def test_a_payment_that_comes_days_late_begins_the_plan_anew(account: Account) -> None:
    account.subscribe("starter")
    account.clock.now = MONTH_LATER + timedelta(days=6)

    for _ in range(2):
        pay(account, "p2", "starter")

    renewed = current(account)
    assert (renewed.subscription_id, renewed.started_at, renewed.is_active(account.clock())) == (
        "p2",
        account.clock(),
        True,
    )


def test_a_payment_that_comes_weeks_late_waits_for_its_user(account: Account) -> None:
    account.subscribe("starter")
    account.clock.now = MONTH_LATER + timedelta(days=8)

    pay(account, "p2", "starter")

    assert state(account, "p2") is PaymentState.RECORDED


def test_a_cancelled_plan_is_not_renewed(account: Account) -> None:
    account.subscribe("starter")
    account.subscribing().cancel("anna")

    pay(account, "p2", "starter")

    assert (current(account).months, state(account, "p2")) == (1, PaymentState.RECORDED)


def test_cancelling_twice_is_as_cancelling_once(account: Account) -> None:
    account.subscribe("starter")

    first = account.subscribing().cancel("anna")
    account.clock.advance(timedelta(days=1))

    assert account.subscribing().cancel("anna") == first


def test_without_a_plan_there_is_nothing_to_cancel(account: Account) -> None:
    with pytest.raises(SubscriptionNotFoundError):
        account.subscribing().cancel("anna")
    account.subscribe("starter")
    account.clock.now = MONTH_LATER
    with pytest.raises(SubscriptionNotFoundError):
        account.subscribing().cancel("anna")


def test_another_plan_replaces_the_one_that_runs_at_once(account: Account) -> None:
    account.subscribe("starter")
    account.clock.advance(timedelta(days=3))

    changed = account.subscribe("pro", payment_id="p2")

    assert (current(account), changed.started_at) == (changed, NOON + timedelta(days=3))


def test_a_refund_ends_the_plan_that_it_paid_for(account: Account) -> None:
    account.subscribe("starter")

    for _ in range(2):
        refund(account, "p1")

    assert not current(account).is_active(NOON)


def test_the_refund_of_a_renewal_leaves_the_month_before(account: Account) -> None:
    account.subscribe("starter")
    pay(account, "p2", "starter")

    refund(account, "p2")

    assert (current(account).months, current(account).is_active(NOON)) == (1, True)


def test_the_refund_of_a_plan_that_was_left_changes_nothing_of_the_one_that_runs(account: Account) -> None:
    account.subscribe("starter")
    pro = account.subscribe("pro", payment_id="p2")

    refund(account, "p1")

    assert current(account) == pro
