"""What the billing system tells of payments for credits and of their refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance
from background_remover.domain.payments import PaymentState
from background_remover.gateways.work_queue import message_for
from background_remover.observability import metrics
from background_remover.use_cases.receive_payment import PaymentContradictsError
from tests.integration.jobs.account import Account, removal
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

if TYPE_CHECKING:
    from collections.abc import Callable


def refund(account: Account, payment_id: str) -> None:
    account.receive_payment().refunded(payment_id, "anna")


def state(account: Account, payment_id: str) -> PaymentState:
    payment = account.payments.get(payment_id)
    assert payment
    return payment.state


def test_a_payment_for_credits_adds_them_once_however_often_it_is_told(account: Account) -> None:
    for _ in range(3):
        account.receive_payment().succeeded("p1", "anna", credits=500)

    assert account.balance() == Balance(550, 0)
    assert account.movements() == [("bonus", 50, 0), ("purchase", 500, 0)]


def test_a_payment_whose_answer_got_lost_counts_once(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "after", AnswerLostError))
        with pytest.raises(AnswerLostError):
            account.receive_payment().succeeded("p1", "anna", credits=500)

    account.receive_payment().succeeded("p1", "anna", credits=500)

    assert account.balance() == Balance(550, 0)


def test_a_refund_takes_the_credits_back_once(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=500)

    for _ in range(3):
        refund(account, "p1")

    assert account.balance() == Balance(50, 0)
    assert account.movements()[-1] == ("refund", -500, 0)


def test_a_refund_that_comes_before_its_payment_leaves_nothing_to_be_had(account: Account) -> None:
    refund(account, "p1")

    account.receive_payment().succeeded("p1", "anna", credits=500)

    assert (account.balance(), state(account, "p1")) == (Balance(50, 0), PaymentState.REFUNDED)


def test_what_is_spent_when_its_payment_is_refunded_is_owed(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=30)
    for _ in range(3):
        account.remove(removal(tier="industry"))

    refund(account, "p1")

    assert account.balance() == Balance(available=0, held=0, owed=25)
    assert ("refund", -30, 0) in account.movements()


def test_what_is_owed_is_counted_for_an_alarm_with_each_telling(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=30)
    for _ in range(3):
        account.remove(removal(tier="industry"))

    for _ in range(2):  # Perhaps nobody heard of the first.
        refund(account, "p1")

    assert metrics.metric_set["RefundShortfall"]["Value"] == [1.0, 1.0]


def test_a_refund_that_the_balance_covers_is_no_matter_for_an_alarm(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=30)
    account.remove(removal(tier="industry"))

    refund(account, "p1")

    assert account.balance() == Balance(available=25, held=0)
    assert "RefundShortfall" not in metrics.metric_set


def test_a_hold_that_is_released_after_its_payment_was_refunded_pays_what_is_owed(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=25)
    jobs = [account.remove(removal(tier="industry", respond_async=True)) for _ in range(3)]
    refund(account, "p1")
    in_debt = account.balance()

    account.jobs.cancel(jobs[0], account.clock())

    assert in_debt == Balance(available=0, held=75, owed=25)
    assert account.balance() == Balance(available=0, held=50, owed=0)


def test_what_is_released_beyond_what_is_owed_is_available(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=25)
    jobs = [account.remove(removal(tier="industry", respond_async=True)) for _ in range(3)]
    refund(account, "p1")

    for job in jobs:
        account.jobs.cancel(job, account.clock())

    assert account.balance() == Balance(available=50, held=0, owed=0)


def test_a_lesser_delivery_gives_its_rest_to_what_is_owed(account: Account, hub: HuggingFaceStandIn) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=25)
    jobs = [account.remove(removal(tier="industry", respond_async=True)) for _ in range(3)]
    refund(account, "p1")
    hub.play(Fault("unprocessable"))

    account.process(message_for(jobs[0]))

    assert account.balance() == Balance(available=0, held=50, owed=15)


def test_a_later_purchase_pays_what_is_owed_first(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=30)
    for _ in range(3):
        account.remove(removal(tier="industry"))
    refund(account, "p1")

    account.receive_payment().succeeded("p2", "anna", credits=40)

    assert account.balance() == Balance(available=15, held=0, owed=0)


def test_who_owes_credits_can_hold_none_and_is_told_why(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=30)
    for _ in range(3):
        account.remove(removal(tier="industry"))
    refund(account, "p1")

    with pytest.raises(InsufficientCreditsError, match="You owe 25 of a payment that was refunded") as refusal:
        account.remove(removal(tier="basic"))

    assert refusal.value.members == {"required": 3, "available": 0, "owed": 25}


@pytest.mark.parametrize("refund_first", [True, False])
def test_a_refund_and_a_release_come_to_the_same_in_either_order(account: Account, refund_first: bool) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=25)
    jobs = [account.remove(removal(tier="industry", respond_async=True)) for _ in range(3)]
    steps: list[Callable[[], object]] = [
        lambda: refund(account, "p1"),
        lambda: account.jobs.cancel(jobs[0], account.clock()),
    ]

    for step in steps if refund_first else reversed(steps):
        step()

    assert account.balance() == Balance(available=0, held=50, owed=0)


def test_a_payment_that_is_told_of_differently_is_for_somebody_to_look_at(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=500)

    with pytest.raises(PaymentContradictsError):
        account.receive_payment().succeeded("p1", "ben", credits=500)
    with pytest.raises(PaymentContradictsError):
        account.receive_payment().succeeded("p1", "anna", credits=700)
    with pytest.raises(PaymentContradictsError):
        account.receive_payment().refunded("p1", "ben")

    assert account.balance() == Balance(550, 0)
