"""Fifty requests on a balance that pays for ten.

Over HTTP a few at a time, because the emulator starts a process for each request that it serves at once; against the
emulator's tables truly all at the same instant.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

from background_remover.domain.errors import InsufficientCreditsError
from background_remover.domain.jobs import Job, JobStatus, Options, Source
from tests.e2e.caller import Caller
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.stack.local_stack import LocalStack
from tests.stores import stores

REQUESTS = 50
AT_A_TIME = 5
PRICE = 3
AFFORDABLE = SIGNUP_CREDITS // PRICE


def test_fifty_requests_over_http_are_taken_ten_times(caller: Caller) -> None:
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        answers = list(threads.map(lambda _: caller.remove().status_code, range(REQUESTS)))
    assert sorted(answers) == [200] * AFFORDABLE + [402] * (REQUESTS - AFFORDABLE)
    assert caller.balance() == (SIGNUP_CREDITS - AFFORDABLE * PRICE, 0)
    assert len(caller.get("jobs", limit=100).json()["jobs"]) == AFFORDABLE


def test_fifty_holds_at_the_same_instant_are_taken_ten_times(stack: LocalStack, caller: Caller) -> None:
    dynamodb = stack.emulator.client("dynamodb")
    jobs = stores(
        dynamodb,
        signup_credits=SIGNUP_CREDITS,
        jobs_table=stack.outputs["JobsTableName"],
        credits_table=stack.outputs["CreditsTableName"],
        subscriptions_table=stack.outputs["SubscriptionsTableName"],
    ).jobs
    together = Barrier(REQUESTS)

    def submit(number: int) -> bool:
        job = new_job(caller.user.user_id, number)
        together.wait()
        try:
            jobs.submit(job, None, job.created_at)
        except InsufficientCreditsError:
            return False
        return True

    with ThreadPoolExecutor(REQUESTS) as threads:
        taken = list(threads.map(submit, range(REQUESTS)))
    assert taken.count(True) == AFFORDABLE
    assert caller.balance() == (SIGNUP_CREDITS - AFFORDABLE * PRICE, AFFORDABLE * PRICE)


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
