"""Fifty requests on a balance that pays for ten.

Over HTTP a few at a time, because the emulator starts a process for each request that it serves at once; against the
emulator's tables truly all at the same instant.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.jobs import Job, JobStatus, Options, Source
from background_remover.gateways.job_intake import JobIntake
from tests.e2e.caller import Caller
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.stack.local_stack import LocalStack
from tests.stores import stores

REQUESTS = 50
AT_A_TIME = 5
PRICE = 3
AFFORDABLE = SIGNUP_CREDITS // PRICE


def test_fifty_requests_over_http_are_taken_ten_times(caller: Caller) -> None:
    anew = {"Cache-Control": "no-cache"}
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        answers = list(threads.map(lambda _: caller.remove(headers=anew).status_code, range(REQUESTS)))
    assert sorted(answers) == [200] * AFFORDABLE + [402] * (REQUESTS - AFFORDABLE)
    assert caller.balance() == (SIGNUP_CREDITS - AFFORDABLE * PRICE, 0)
    assert len(caller.get("jobs", limit=100).json()["jobs"]) == AFFORDABLE


def test_fifty_holds_at_the_same_instant_are_taken_ten_times(stack: LocalStack, caller: Caller) -> None:
    intake, together = job_intake(stack), Barrier(REQUESTS)

    def submit(number: int) -> bool:
        job = new_job(caller.user.user_id, number)
        together.wait()
        try:
            intake.submit(job, None, job.created_at)
        except InsufficientCreditsError:
            return False
        return True

    with ThreadPoolExecutor(REQUESTS) as threads:
        taken = list(threads.map(submit, range(REQUESTS)))
    assert taken.count(True) == AFFORDABLE
    assert caller.balance() == (SIGNUP_CREDITS - AFFORDABLE * PRICE, AFFORDABLE * PRICE)


def job_intake(stack: LocalStack) -> JobIntake:
    """On the emulator's own tables."""
    return stores(
        stack.emulator.client("dynamodb"),
        signup_credits=SIGNUP_CREDITS,
        jobs_table=stack.outputs["JobsTableName"],
        credits_table=stack.outputs["CreditsTableName"],
        subscriptions_table=stack.outputs["SubscriptionsTableName"],
    ).intake


def new_job(user_id: str, number: int) -> Job:
    now = datetime.now(UTC)
    return Job(
        user_id=user_id,
        job_id=f"job{number:02}",
        tier="basic",
        price=PRICE,
        status=JobStatus.QUEUED,
        source=Source(content_type="image/png", width=1, height=1, size=1),
        options=Options(),
        created_at=now,
        updated_at=now,
        retire_at=now + timedelta(days=1),
        due_at=now + timedelta(minutes=15),
    )


def test_of_a_hundred_removals_at_the_same_instant_a_quota_of_fifty_covers_exactly_fifty(
    stack: LocalStack, caller: Caller
) -> None:
    stack.operate("grant", "--user", caller.user.user_id, "--credits", "1000")
    assert caller.subscribe("starter", caller.pay("--plan", "starter")).status_code == 200
    intake, together = job_intake(stack), Barrier(2 * REQUESTS)

    def submit(number: int) -> int:
        job = new_job(caller.user.user_id, number)
        together.wait()
        return intake.submit(job, None, job.created_at).price

    with ThreadPoolExecutor(2 * REQUESTS) as threads:
        prices = list(threads.map(submit, range(2 * REQUESTS)))
    assert (prices.count(0), prices.count(PRICE)) == (50, 50)
    assert caller.balance() == (SIGNUP_CREDITS + 1000 - 50 * PRICE, 50 * PRICE)
    assert caller.get("subscription").json()["subscription"]["today"]["used"] == 50
