"""Many threads at once. The threads' calls interleave freely, but moto gets one call at a time.

DynamoDB's writes and transactions are serialisable; moto's are not, as a transaction that it refuses restores whole
tables, and with them what other threads wrote meanwhile.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from background_remover.domain import credits
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.errors import DomainError
from background_remover.domain.job_errors import JobInProgressError
from background_remover.domain.jobs import Job, JobStatus, Lease, Quality, Result
from background_remover.domain.subscriptions import Usage
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.job_store import LeaseLostError
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.test_job_store import job


@pytest.fixture(autouse=True)
def one_call_at_a_time(account: Account) -> Iterator[None]:
    events, turn = account.dynamodb.meta.events, threading.Lock()

    def begin(**_: object) -> None:
        turn.acquire()

    def end(**_: object) -> None:
        turn.release()

    events.register("before-call.dynamodb", begin)
    events.register("after-call.dynamodb", end)
    events.register("after-call-error.dynamodb", end)
    yield
    events.unregister("before-call.dynamodb", begin)
    events.unregister("after-call.dynamodb", end)
    events.unregister("after-call-error.dynamodb", end)


def at_once[T](times: int, act: Callable[[int], T]) -> list[T | Exception]:
    """What each of the threads, which start together, returned or raised."""
    start = threading.Barrier(times)

    def run(number: int) -> T | Exception:
        start.wait()
        try:
            return act(number)
        except (DomainError, LeaseLostError) as error:
            return error

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


def test_of_fifty_submits_on_a_balance_that_pays_for_ten_ten_are_taken(account: Account) -> None:
    account.ledger.grant("anna", credits.bonus(30), reference="eighty in all", now=NOON)

    answers = at_once(50, lambda number: account.intake.submit(job(number, tier="standard"), None, NOON))

    taken = [answer for answer in answers if isinstance(answer, Job)]
    refused = [answer for answer in answers if isinstance(answer, InsufficientCreditsError)]
    assert (len(taken), len(refused)) == (10, 40)
    assert account.balance() == Balance(available=0, held=80)
    assert Counter(account.movements()) == {("bonus", 50, 0): 1, ("bonus", 30, 0): 1, ("hold", -8, 8): 10}
    kept = account.jobs.page("anna", limit=100, cursor=None, status=None, tier=None)[0]
    assert {kept_job.job_id for kept_job in kept} == {taken_job.job_id for taken_job in taken}


def test_the_first_requests_of_a_new_user_open_one_account(account: Account) -> None:
    balances = at_once(20, lambda _: account.ledger.balance("anna", NOON))

    assert balances == [Balance(available=50, held=0)] * 20
    assert account.movements() == [("bonus", 50, 0)]


def test_the_first_submits_of_a_new_user_share_the_signup_credits(account: Account) -> None:
    answers = at_once(20, lambda number: account.intake.submit(job(number, tier="industry"), None, NOON))

    assert sum(isinstance(answer, Job) for answer in answers) == 2
    assert account.balance() == Balance(available=0, held=50)


def test_repeats_of_one_request_make_one_job(account: Account) -> None:
    key = IdempotencyKey("a key", "a body")

    answers = at_once(20, lambda number: account.intake.submit(job(number, tier="industry"), key, NOON))

    assert len({answer.job_id for answer in answers if isinstance(answer, Job)}) == 1
    assert all(isinstance(answer, Job) for answer in answers)
    assert account.balance() == Balance(available=25, held=25)


def test_a_grant_that_arrives_many_times_counts_once(account: Account) -> None:
    answers = at_once(
        20, lambda _: account.ledger.grant("anna", credits.purchase(100), reference="payment-1", now=NOON)
    )

    assert Counter(answers) == {True: 1, False: 19}
    assert account.balance() == Balance(available=150, held=0)


def test_one_of_many_workers_gets_the_lease(account: Account) -> None:
    queued = account.intake.submit(job(), None, NOON)

    answers = at_once(
        20,
        lambda number: account.jobs.lease(
            "anna", queued.job_id, Lease(f"worker {number}", NOON + timedelta(minutes=1)), NOON
        ),
    )

    assert sum(isinstance(answer, Job) for answer in answers) == 1
    assert sum(isinstance(answer, JobInProgressError) for answer in answers) == 19


def test_a_job_is_either_cancelled_or_worked_on(account: Account) -> None:
    queued = [account.intake.submit(job(number, tier="basic"), None, NOON) for number in range(10)]

    def cancel_or_work(number: int) -> Job:
        one = queued[number // 2]
        if number % 2:
            return account.jobs.cancel(one, NOON)
        leased = account.jobs.lease("anna", one.job_id, Lease("a worker", NOON + timedelta(minutes=1)), NOON)
        result = Result(
            content_type="image/png",
            width=64,
            height=48,
            size=1,
            crc32=0,
            seconds=1,
            tier="basic",
            quality=Quality(100),
            looks=1,
        )
        return account.jobs.complete(leased, result, NOON)

    at_once(20, cancel_or_work)

    ended = [account.jobs.get("anna", one.job_id).status for one in queued]
    captured = ended.count(JobStatus.COMPLETED)
    assert captured + ended.count(JobStatus.CANCELLED) == 10
    assert account.balance() == Balance(available=50 - 3 * captured, held=0)
    assert Counter(kind for kind, *_ in account.movements())["capture"] == captured


def test_of_a_hundred_at_once_a_quota_of_fifty_covers_exactly_fifty_and_credits_pay_for_the_rest(
    account: Account,
) -> None:
    account.subscribe("starter")
    account.ledger.grant("anna", purchase(1000), reference="r", now=NOON)

    taken = at_once(100, lambda number: account.intake.submit(job(number), None, NOON))

    assert Counter(each.price for each in taken if isinstance(each, Job)) == {0: 50, 8: 50}
    assert account.subscriptions.usage("anna", NOON.date()) == Usage(50, 0)
    assert account.balance() == Balance(1050 - 400, 400)
