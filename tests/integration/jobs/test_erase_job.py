from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.job_errors import JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import JobStatus, Lease
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import Account, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import CrashError, Interruption, Interruptions, Moment
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


def records(account: Account) -> list[dict[str, Any]]:
    """Of jobs: what is counted of them stays."""
    return [
        item for item in account.items("JobsTable") if item["sk"]["S"].partition("#")[0] not in ("statistics", "day")
    ]


def test_a_completed_job_is_erased_with_its_files_and_stays_paid(account: Account) -> None:
    job = account.remove(removal())

    account.erase(job)

    assert account.files() == []
    assert records(account) == []
    assert account.balance() == Balance(available=47, held=0)


def test_a_failed_job_is_erased(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("bad_request"))
    job = account.remove(removal())

    account.erase(job)

    assert account.files() == []
    assert records(account) == []
    assert account.balance() == Balance(available=50, held=0)


def test_a_queued_job_is_cancelled_and_its_credits_come_back(account: Account) -> None:
    job = account.remove(removal(respond_async=True))

    account.erase(job)

    assert account.files() == []
    assert records(account) == []
    assert account.movements() == [("bonus", 50, 0), ("hold", -3, 3), ("release", 3, -3)]


def test_the_message_of_an_erased_job_does_nothing(account: Account) -> None:
    job = account.remove(removal(respond_async=True))
    account.erase(job)

    account.process(message_for(job))

    assert account.files() == []
    assert records(account) == []
    assert account.balance() == Balance(available=50, held=0)


def test_a_cancelled_job_is_erased(account: Account) -> None:
    job = account.jobs.cancel(account.remove(removal(respond_async=True)), NOON)

    account.erase(job)

    assert records(account) == []
    assert account.balance() == Balance(available=50, held=0)


def test_a_job_that_is_worked_on_is_not_erased_and_says_until_when(account: Account) -> None:
    job = account.remove(removal(respond_async=True))
    until = NOON + timedelta(seconds=90)
    account.jobs.lease("anna", job.job_id, Lease("a worker", until), NOON)
    before = records(account), account.items("CreditsTable"), account.files()

    with pytest.raises(JobInProgressError) as refusal:
        account.erase(job)

    assert refusal.value.until == until
    assert (records(account), account.items("CreditsTable"), account.files()) == before


@pytest.mark.parametrize("user_id", ["ben", "Anna"])
def test_somebody_elses_job_is_not_found(account: Account, user_id: str) -> None:
    job = account.remove(removal())

    with pytest.raises(JobNotFoundError):
        account.erase(job, user_id=user_id)

    assert account.jobs.get("anna", job.job_id).status is JobStatus.COMPLETED
    assert len(account.files()) == 4


def test_an_erased_job_cannot_be_erased_again(account: Account) -> None:
    job = account.remove(removal())
    account.erase(job)

    with pytest.raises(JobNotFoundError):
        account.erase(job)


def test_a_job_that_a_worker_takes_while_it_is_being_erased_is_left_to_the_worker(account: Account) -> None:
    job = account.remove(removal(respond_async=True))

    def take() -> None:
        account.jobs.lease("anna", job.job_id, Lease("a worker", NOON + timedelta(seconds=90)), NOON)

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", take))
        with pytest.raises(JobInProgressError):
            account.erase(job)

    assert account.balance() == Balance(available=47, held=3)


@pytest.mark.parametrize("call", ["TransactWriteItems", "DeleteObjects", "DeleteItem"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_was_interrupted_can_be_erased_by_a_repeat(account: Account, call: str, moment: Moment) -> None:
    job = account.remove(removal(respond_async=True))
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(call, moment, CrashError))
        with pytest.raises(CrashError):
            account.erase(job)

    if records(account):
        account.erase(job)

    assert account.files() == []
    assert records(account) == []
    assert account.balance() == Balance(available=50, held=0)
