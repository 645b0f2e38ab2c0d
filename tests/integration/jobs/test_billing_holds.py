"""Any sequence of payments, refunds, repeats, subscriptions, days, removals and failures leaves the accounts right."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar, Literal

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from moto import mock_aws

from background_remover.domain.credit_errors import (
    AlreadySubscribedError,
    InsufficientCreditsError,
    PaymentForSomethingElseError,
    PaymentNotFoundError,
    PaymentOfAnotherUserError,
    PaymentRefundedError,
    PaymentUsedError,
    SubscriptionNotFoundError,
)
from background_remover.domain.job_errors import BatchEndedError
from background_remover.domain.payments import PaymentState
from background_remover.domain.subscriptions import PLANS, Usage
from background_remover.gateways.dynamodb import Item
from background_remover.gateways.work_queue import message_for
from background_remover.observability import metrics
from background_remover.use_cases.receive_payment import PaymentContradictsError
from tests.integration.jobs import money
from tests.integration.jobs.account import TOKEN, Account, photo, removal
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions, moments
from tests.integration.jobs.money import items
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

USERS = ("anna", "ben")
BOUGHT: dict[str, tuple[int, str | None]] = {
    "p1": (40, None),
    "p2": (7, None),
    "p3": (0, "starter"),
    "p4": (0, "starter"),
    "p5": (0, "pro"),
    "p6": (0, "pro"),
}
"""Credits or plan that each payment is for; p1, p3 and p5 are anna's, the others ben's."""

users = st.sampled_from(USERS)
payments = st.sampled_from(list(BOUGHT))
tiers = st.sampled_from(["basic", "standard", "professional"])
waits = st.sampled_from([timedelta(minutes=1)] * 4 + [timedelta(hours=9), timedelta(days=1), timedelta(days=20)])
deaths = st.none() | st.builds(
    Interruption,
    st.sampled_from(["TransactWriteItems", "GetItem"]),
    moments,
    st.sampled_from([CrashError, AnswerLostError]),
    st.sampled_from([1, 2]),
)


def payer_of(payment_id: str) -> str:
    return "anna" if payment_id in ("p1", "p3", "p5") else "ben"


class Billing(RuleBasedStateMachine):
    hub: ClassVar[HuggingFaceStandIn]

    @initialize(used=st.sampled_from([0, 48]), with_plans=st.sampled_from([True, True, False]))
    def open(self, used: int, with_plans: bool) -> None:
        self.cleanup = contextlib.ExitStack()
        self.cleanup.enter_context(mock_aws())
        self.account = self.cleanup.enter_context(Account(self.hub, token=TOKEN))
        self.interruptions = self.cleanup.enter_context(Interruptions(self.account))
        # So many of the first day's images were taken by jobs that are not among ours.
        self.used_before = used
        self.first_day = self.account.clock().date()
        for user_id in USERS:
            self.account.dynamodb.put_item(
                TableName="SubscriptionsTable",
                Item={
                    "pk": {"S": user_id},
                    "sk": {"S": f"usage#{self.first_day}"},
                    "used": {"N": str(used)},
                    "capped": {"N": str(used)},
                },
            )

        for payment_id in ("p3", "p6") if with_plans else ():
            self.tell(payment_id, payer_of(payment_id))
            plan = PLANS[BOUGHT[payment_id][1] or ""]
            self.account.subscribing()(payer_of(payment_id), plan, payment_id)

    @rule(payment_id=payments, death=deaths)
    def pay(self, payment_id: str, death: Interruption | None) -> None:
        with self.perhaps(death):
            self.tell(payment_id, payer_of(payment_id))

    def tell(self, payment_id: str, user_id: str) -> None:
        credits, plan = BOUGHT[payment_id]
        self.account.receive_payment().succeeded(payment_id, user_id, credits=credits, plan=plan)

    @rule(payment_id=payments)
    def pay_in_anothers_name(self, payment_id: str) -> None:
        if self.account.payments.get(payment_id):
            other = next(user for user in USERS if user != payer_of(payment_id))
            with contextlib.suppress(PaymentContradictsError):
                self.tell(payment_id, other)
                raise AssertionError("somebody else's payment was taken")

    @rule(payment_id=payments, death=deaths)
    def refund(self, payment_id: str, death: Interruption | None) -> None:
        with self.perhaps(death):
            self.account.receive_payment().refunded(payment_id, payer_of(payment_id))

    @rule(
        payment_id=payments,
        user_id=st.none() | users,
        plan=st.sampled_from([None, None, *PLANS]),
        death=deaths,
    )
    def subscribe(self, payment_id: str, user_id: str | None, plan: str | None, death: Interruption | None) -> None:
        """Mostly with what was paid for, sometimes with somebody else's payment, or for another plan."""
        plan = plan or BOUGHT[payment_id][1] or "starter"
        try:
            with self.perhaps(death):
                self.account.subscribing()(user_id or payer_of(payment_id), PLANS[plan], payment_id)
                event("somebody subscribed")
        except (
            AlreadySubscribedError,
            PaymentForSomethingElseError,
            PaymentNotFoundError,
            PaymentOfAnotherUserError,
            PaymentRefundedError,
            PaymentUsedError,
        ) as refusal:
            event(refusal.code)

    @rule(user_id=users)
    def cancel(self, user_id: str) -> None:
        with contextlib.suppress(SubscriptionNotFoundError):
            self.account.subscribing().cancel(user_id)

    @rule(
        user_id=users,
        asked=st.lists(st.tuples(tiers, st.sampled_from(["a matte", "unprocessable"])), min_size=1, max_size=4),
        respond_async=st.booleans(),
        anew=st.booleans(),
        death=deaths,
    )
    def remove(
        self,
        user_id: str,
        asked: list[tuple[str, Literal["a matte", "unprocessable"]]],
        respond_async: bool,
        anew: bool,
        death: Interruption | None,
    ) -> None:
        """One photo after the other; at the first the function may die."""
        for tier, answer in asked:
            if answer != "a matte":
                self.hub.play(Fault(answer))
            with self.perhaps(death), contextlib.suppress(InsufficientCreditsError):
                wanted = removal(user_id=user_id, tier=tier, respond_async=respond_async, anew=anew)
                job = self.account.remove(wanted)
                payer = "nobody" if job.matte_of else "a plan" if job.coverage else "credits"
                event(f"{job.status}, paid for by {payer}")
            self.hub.reset()
            death = None

    @rule(images=st.integers(1, 3), cancel=st.booleans(), anew=st.booleans())
    def batch(self, images: int, cancel: bool, anew: bool) -> None:
        with contextlib.suppress(InsufficientCreditsError):
            created = self.account.create_batch(*[photo()] * images, anew=anew)
            self.account.process_and_close(message_for(created.jobs[0]))
            if cancel:
                with contextlib.suppress(BatchEndedError):
                    self.account.cancel_batch(created.batch.batch_id)

    @rule(by=waits)
    def wait(self, by: timedelta) -> None:
        self.account.clock.advance(by)

    @rule()
    def reconcile(self) -> None:
        self.account.reconcile().sweep()

    @contextlib.contextmanager
    def perhaps(self, death: Interruption | None) -> Iterator[None]:
        if death:
            self.interruptions.arm(death)
        try:
            with contextlib.suppress(CrashError, AnswerLostError):
                yield
        finally:
            self.interruptions.disarm()

    # ---- what holds at any moment --------------------------------------------------------------------

    @invariant()
    def the_ledger_adds_up_to_the_balance_and_no_side_is_negative(self) -> None:
        sums: Counter[tuple[str, str]] = Counter()
        for item in items("CreditsTable"):
            if item["sk"].startswith("entry#"):
                sums[item["pk"], "available"] += item["available"]
                sums[item["pk"], "held"] += item["held"]
        for item in items("CreditsTable"):
            if item["sk"] == "balance":
                assert (item["available"], item["held"]) == (sums[item["pk"], "available"], sums[item["pk"], "held"])
                assert item["available"] >= 0
                assert item["held"] >= 0

    @invariant()
    def held_is_what_the_open_jobs_hold(self) -> None:
        held: Counter[str] = Counter()
        for job in money.jobs().values():
            held[job.user_id] += 0 if job.has_ended else job.price
        balances = {item["pk"]: item["held"] for item in items("CreditsTable") if item["sk"] == "balance"}
        assert balances == {user_id: held[user_id] for user_id in balances}

    @invariant()
    def a_quota_counts_the_covered_jobs_that_did_not_fail_and_is_never_exceeded(self) -> None:
        counted: dict[tuple[str, date], Usage] = {}
        for user_id in USERS:
            counted[user_id, self.first_day] = Usage(self.used_before, self.used_before)
        for job in money.jobs().values():
            if job.coverage and (not job.has_ended or job.result):
                before = counted.get((job.user_id, job.coverage.day), Usage())
                counted[job.user_id, job.coverage.day] = Usage(before.used + 1, before.capped + job.coverage.capped)
                assert job.price == 0
        for item in items("SubscriptionsTable"):
            if item["sk"].startswith("usage#"):
                day = date.fromisoformat(item["sk"].removeprefix("usage#"))
                usage = Usage(item["used"], item["capped"])
                assert usage == counted.get((item["pk"], day), Usage())
                assert usage.used <= PLANS["pro"].daily_images
                assert usage.capped <= max(PLANS["pro"].daily_capped, self.used_before)

    @invariant()
    def no_plan_is_without_the_payments_of_its_months(self) -> None:
        used = Counter(
            payment["usedBy"]
            for payment in self.payments()
            if payment.get("planName") and payment["paymentState"] == PaymentState.USED
        )
        for item in items("SubscriptionsTable"):
            if item["sk"] == "subscription":
                assert item["months"] == used[item["subscriptionId"]]

    @invariant()
    def a_payment_bought_what_it_was_for_once(self) -> None:
        purchases = Counter(item["reference"] for item in items("CreditsTable") if item.get("kind") == "purchase")
        refunds = Counter(item["reference"] for item in items("CreditsTable") if item.get("kind") == "refund")
        for payment in self.payments():
            payment_id = payment["pk"].removeprefix("payment#")
            refunded = payment["paymentState"] == PaymentState.REFUNDED
            assert purchases[payment_id] == (payment["credits"] > 0)
            assert refunds[payment_id] == (payment["credits"] > 0 and refunded)

    def payments(self) -> list[Item]:
        return [item for item in items("SubscriptionsTable") if item["sk"] == "payment"]

    def teardown(self) -> None:
        self.cleanup.close()
        self.hub.reset()
        metrics.clear_metrics()


def test_billing_holds(hub: HuggingFaceStandIn) -> None:
    Billing.hub = hub
    run_state_machine_as_test(
        Billing,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
