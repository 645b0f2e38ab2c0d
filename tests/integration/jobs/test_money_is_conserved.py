"""Any interleaving of requests, repeats, crashes, lost answers, zombies and passing time leaves the money right."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Literal

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from background_remover.domain import credits
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.job_errors import JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import Job
from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.gateways.idempotency import WINDOW
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.work_queue import JobMessage
from background_remover.observability import metrics
from tests.integration.jobs import money
from tests.integration.jobs.account import LEASE, TOKEN, Account, photo, removal
from tests.integration.jobs.interruptions import (
    ERASING,
    GRANTING,
    SUBMITTING,
    WORKING,
    AnswerLostError,
    CrashError,
    Interruption,
    Interruptions,
    Moment,
    interruptions,
    moments,
    occurrences,
)
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

VISIBILITY_TIMEOUT = timedelta(seconds=720)
Answer = Literal["a matte", "cold_start", "payment_required", "bad_request", "wrong_size"]
Meanwhile = Literal["the lease runs out", "another takes over", "it is erased", "its payment is refunded"]

users = st.sampled_from(["anna", "ben"])
tiers = st.sampled_from(["basic", "standard", "industry", "industry"])
how_often = st.sampled_from([2, 1, 1])
"""How many calls meet an answer that is no matte: two are both inferences of a job, one is one of them."""
answers: st.SearchStrategy[Answer] = st.sampled_from(
    ["a matte", "cold_start", "payment_required", "bad_request", "bad_request", "wrong_size"]
)
waits = st.sampled_from([timedelta(seconds=1), timedelta(seconds=61), LEASE, timedelta(hours=7), timedelta(hours=25)])


@dataclass(frozen=True)
class Payment:
    id: str
    user_id: str
    credits: int


PAYMENTS = {payment.user_id: payment for payment in (Payment("p1", "anna", 75), Payment("p2", "ben", 25))}
payments = st.sampled_from([*PAYMENTS.values()])


@dataclass
class Delivery:
    """A message in SQS: handed out from `visible_at` on until it is deleted, however often its worker dies."""

    message: JobMessage
    visible_at: datetime


class Money(RuleBasedStateMachine):
    hub: ClassVar[HuggingFaceStandIn]
    lesser_deliveries: ClassVar[int] = 0
    debts: ClassVar[int] = 0
    free_deliveries: ClassVar[int] = 0

    @initialize(tiers=st.lists(tiers, min_size=3, max_size=5))
    def open(self, tiers: list[str]) -> None:
        self.cleanup = contextlib.ExitStack()
        self.cleanup.enter_context(mock_aws())
        self.account = self.cleanup.enter_context(Account(self.hub, token=TOKEN))
        self.account.at_once = 1  # Hypothesis wants the same steps to have the same outcome.
        self.interruptions = self.cleanup.enter_context(Interruptions(self.account))
        self.line: list[Delivery] = []
        self.queued = 0
        self.delivered: set[money.JobKey] = set()
        self.crashed_at: set[datetime] = set()
        self.requests_that_may_hold = len(tiers)
        self.windows: dict[tuple[str, str], datetime] = {}
        self.answered: dict[tuple[str, str], tuple[tuple[str, str], Job]] = {}
        self.pay_now(PAYMENTS["anna"])
        for tier in tiers:
            self.account.clock.advance(timedelta(seconds=1))
            with contextlib.suppress(InsufficientCreditsError):
                self.account.remove(removal(tier=tier, respond_async=True, anew=True))

    # ---- what callers do ---------------------------------------------------------------------------------

    @rule(
        user_id=users,
        tier=tiers,
        colour=st.sampled_from(["teal", "teal", "red"]),
        key=st.sampled_from([None, "k1", "k2"]),
        respond_async=st.booleans(),
        anew=st.booleans(),
        answer=answers,
        times=how_often,
        interruption=interruptions(SUBMITTING),
    )
    def submit(
        self,
        user_id: str,
        tier: str,
        colour: str,
        key: str | None,
        respond_async: bool,
        anew: bool,
        answer: Answer,
        times: int,
        interruption: Interruption | None,
    ) -> None:
        now = self.account.clock.advance(timedelta(seconds=1))
        if key is None or now - self.windows.get((user_id, key), datetime.min.replace(tzinfo=now.tzinfo)) > (WINDOW):
            self.requests_that_may_hold += 1
            if key:
                self.windows[user_id, key] = now
        request = removal(photo(colour), user_id=user_id, tier=tier, key=key, respond_async=respond_async, anew=anew)
        holds = money.holds()
        try:
            with self.interrupted(interruption, answer, times):
                job = self.account.remove(request)
                self.check_answer(user_id, key, (tier, colour), job)
        except CrashError:
            self.crashed_at.add(now)
        except (AnswerLostError, InsufficientCreditsError, IdempotencyKeyReusedError, JobNotFoundError):
            pass
        if money.holds() > holds:
            assert money.available(user_id) >= 0, "nobody holds what is not available"

    def check_answer(self, user_id: str, key: str | None, body: tuple[str, str], job: Job) -> None:
        """A repeat within the window got the job of the first request that was answered."""
        if key is None:
            return
        if (user_id, key) in self.answered:
            earlier_body, earlier = self.answered[user_id, key]
            if self.account.clock() - earlier.created_at < WINDOW:
                assert (body, job.job_id) == (earlier_body, earlier.job_id)
                event("a repeat was answered with its job")
        self.answered[user_id, key] = (body, job)

    @precondition(lambda self: self.requests_that_may_hold)
    @rule(number=st.integers(0, 20), interruption=interruptions(ERASING))
    def erase(self, number: int, interruption: Interruption | None) -> None:
        if job := self.some_job(number):
            with contextlib.suppress(CrashError, AnswerLostError), self.interrupted(interruption):
                self.erase_now(job)

    @precondition(lambda self: self.requests_that_may_hold)
    @rule(number=st.integers(0, 20))
    def cancel(self, number: int) -> None:
        if job := self.some_job(number):
            with contextlib.suppress(LeaseLostError):
                self.account.jobs.cancel(job, self.account.clock())

    @rule(user_id=users, reference=st.sampled_from(["g1", "g2"]), interruption=interruptions(GRANTING))
    def grant(self, user_id: str, reference: str, interruption: Interruption | None) -> None:
        now = self.account.clock()
        with contextlib.suppress(CrashError, AnswerLostError), self.interrupted(interruption):
            self.account.ledger.grant(user_id, credits.bonus(20), reference=reference, now=now)

    # ---- what the billing system tells -------------------------------------------------------------------

    @rule(payment=payments, told=st.sampled_from(["paid", "refunded"]), interruption=interruptions(GRANTING))
    def tell_of(self, payment: Payment, told: str, interruption: Interruption | None) -> None:
        with contextlib.suppress(CrashError, AnswerLostError), self.interrupted(interruption):
            if told == "paid":
                self.pay_now(payment)
            else:
                self.refund_now(payment)

    def pay_now(self, payment: Payment) -> None:
        self.account.receive_payment().succeeded(payment.id, payment.user_id, credits=payment.credits)

    def refund_now(self, payment: Payment) -> None:
        self.account.receive_payment().refunded(payment.id, payment.user_id)
        if self.account.balance(payment.user_id).owed:
            Money.debts += 1

    # ---- what the queue and its workers do ---------------------------------------------------------------

    @precondition(lambda self: self.line or self.account.sent)
    @rule(
        number=st.integers(0, 5),
        answer=answers,
        times=how_often,
        interruption=interruptions(WORKING),
        again=st.sampled_from([False, False, True]),
    )
    def deliver(self, number: int, answer: Answer, times: int, interruption: Interruption | None, again: bool) -> None:
        """SQS hands a message out; if `again` is set it will do so a second time, though the worker was done."""
        if delivery := self.next_delivery(number):
            self.work_on(delivery, answer, times, interruption)
            if again:
                self.line.append(Delivery(delivery.message, self.account.clock()))

    @precondition(lambda self: self.line or self.account.sent)
    @rule(
        number=st.integers(0, 5),
        answer=answers,
        times=how_often,
        call=st.sampled_from(WORKING),
        moment=moments,
        occurrence=occurrences,
        meanwhile=st.sampled_from(
            ["the lease runs out", "another takes over", "it is erased", "its payment is refunded"]
        ),
    )
    def deliver_to_a_worker_that_stalls(
        self, number: int, answer: Answer, times: int, call: str, moment: Moment, occurrence: int, meanwhile: Meanwhile
    ) -> None:
        """The worker stands still at some call, and then goes on as if nothing had happened."""
        if delivery := self.next_delivery(number):
            event(f"while a worker stalls, {meanwhile}")
            stall = Interruption(call, moment, partial(self.stall, delivery.message, meanwhile), occurrence)
            self.work_on(delivery, answer, times, stall)

    def stall(self, message: JobMessage, meanwhile: Meanwhile) -> None:
        """In whichever thread makes the call: Hypothesis takes events from its own only."""
        if meanwhile != "its payment is refunded":
            self.account.clock.advance(LEASE + timedelta(seconds=1))
        match meanwhile:
            case "its payment is refunded":
                self.refund_now(PAYMENTS[message.user_id])
            case "another takes over":
                self.account.process(message)
            case "it is erased":
                if job := money.jobs().get((message.user_id, message.job_id)):
                    self.erase_now(job)

    @rule(by=waits)
    def wait(self, by: timedelta) -> None:
        self.account.clock.advance(by)

    @invariant()
    def money_is_conserved(self) -> None:
        self.delivered |= money.assert_conserved(delivered=self.delivered)

    @invariant()
    def no_request_holds_twice(self) -> None:
        assert money.holds() <= self.requests_that_may_hold

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.cleanup.close()
            metrics.clear_metrics()

    def finish(self) -> None:
        """When the workers have had their time, only what crashed before it reached the queue is still open."""
        for _ in range(200):
            if not (delivery := self.next_delivery(0)):
                break
            self.work_on(delivery, "a matte", 1, None)
        assert self.line == []
        self.money_is_conserved()
        jobs = money.jobs().values()
        Money.lesser_deliveries += sum(job.result is not None and job.result.tier != job.tier for job in jobs)
        Money.free_deliveries += sum(job.result is not None and job.matte_of is not None for job in jobs)
        left = [job for job in jobs if not job.has_ended]
        sent = {(sent.message.user_id, sent.message.job_id) for sent in self.account.sent}
        assert [job for job in left if (job.user_id, job.job_id) in sent or job.created_at not in self.crashed_at] == []
        if left:
            event("a crash before the queue was told left a job open")

    @contextlib.contextmanager
    def interrupted(
        self, interruption: Interruption | None, answer: Answer = "a matte", times: int = 1
    ) -> Iterator[None]:
        if answer != "a matte":
            self.hub.play(Fault(answer, times=times))
        if interruption:
            self.interruptions.arm(interruption)
        try:
            yield
        finally:
            self.interruptions.disarm()
            self.hub.reset()

    def work_on(self, delivery: Delivery, answer: Answer, times: int, interruption: Interruption | None) -> None:
        try:
            with self.interrupted(interruption, answer, times):
                self.account.process(delivery.message)
        except (CrashError, AnswerLostError):
            delivery.visible_at = self.account.clock() + VISIBILITY_TIMEOUT
        else:
            self.line.remove(delivery)

    def next_delivery(self, number: int) -> Delivery | None:
        """One of the messages in line; where none is visible, time passes until the next one is."""
        now = self.account.clock()
        self.line += [
            Delivery(sent.message, now + timedelta(seconds=sent.delay)) for sent in self.account.sent[self.queued :]
        ]
        self.queued = len(self.account.sent)
        if not self.line:
            return None
        visible = [delivery for delivery in self.line if delivery.visible_at <= now]
        if visible:
            return visible[number % len(visible)]
        following = min(self.line, key=lambda delivery: delivery.visible_at)
        self.account.clock.advance(following.visible_at - now)
        return following

    def some_job(self, number: int) -> Job | None:
        existing = sorted(money.jobs().values(), key=lambda job: job.job_id)
        return existing[number % len(existing)] if existing else None

    def erase_now(self, job: Job) -> None:
        self.delivered |= money.delivered_among(money.jobs())
        with contextlib.suppress(JobInProgressError, JobNotFoundError):
            self.account.erase(job)


def test_money_is_conserved(hub: HuggingFaceStandIn) -> None:
    Money.hub = hub
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Money.lesser_deliveries
    assert Money.debts
    assert Money.free_deliveries
