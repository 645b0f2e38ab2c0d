from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance
from background_remover.domain.job_errors import JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import (
    Doubt,
    Failure,
    Job,
    JobStatus,
    Lease,
    Margin,
    Options,
    Quality,
    Result,
    Source,
    Submission,
    job_id,
)
from background_remover.domain.tiers import TIERS
from background_remover.gateways.dynamodb import TransactionRefusedError
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.job_store import LeaseLostError
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON

MINUTE = timedelta(minutes=1)
RESULT = Result(
    content_type="image/png",
    width=64,
    height=48,
    size=1234,
    crc32=0,
    seconds=1.5,
    tier="standard",
    quality=Quality(71, (Doubt.FRAGMENTS, Doubt.UNDECIDED_PIXELS)),
    looks=1,
)
FAILURE = Failure("invalid_matte", "No matte.")
KEY = IdempotencyKey("a key", "a body")


def job(number: int = 0, *, user_id: str = "anna", tier: str = "standard", lease: Lease | None = None) -> Job:
    now = NOON + timedelta(seconds=number)
    return Job(
        user_id=user_id,
        job_id=job_id(now, number.to_bytes(10)),
        tier=tier,
        price=TIERS[tier].credits,
        status=JobStatus.PROCESSING if lease else JobStatus.QUEUED,
        source=Source(content_type="image/jpeg", width=640, height=480, size=54321, file_name="a photo.jpg"),
        options=Options(format="jpeg", background=(255, 128, 0)),
        created_at=now,
        updated_at=now,
        retire_at=now + timedelta(days=30),
        due_at=now + timedelta(minutes=15),
        attempts=1 if lease else 0,
        lease=lease,
    )


def submitted(account: Account, new: Job | None = None) -> Job:
    new = new or job()
    return account.intake.submit(new, None, new.created_at)


def leased(account: Account, *, holder: str = "a worker", lease_for: timedelta = MINUTE) -> Job:
    queued = submitted(account)
    return account.jobs.lease("anna", queued.job_id, Lease(holder, NOON + lease_for), NOON)


# ---- coming in ---------------------------------------------------------------------------------------------------


def test_submitting_holds_the_price_of_the_job(account: Account) -> None:
    submitted(account)

    assert account.balance() == Balance(available=42, held=8)
    assert account.movements() == [("bonus", 50, 0), ("hold", -8, 8)]


@pytest.mark.parametrize("lease", [None, Lease("inline", NOON + MINUTE)])
def test_a_job_is_read_as_it_was_submitted(account: Account, lease: Lease | None) -> None:
    new = job(lease=lease)

    submitted(account, new)

    assert account.jobs.get("anna", new.job_id) == new


@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(crop=Margin(0)),
        Options(format="webp", crop=Margin(5, "%"), output="matte", max_size=800, lossless=True),
    ],
    ids=str,
)
def test_options_are_read_as_they_were_asked_for(account: Account, options: Options) -> None:
    new = submitted(account, replace(job(), options=options))

    assert account.jobs.get("anna", new.job_id).options == options


def test_an_entry_of_the_ledger_names_its_job(account: Account) -> None:
    new = submitted(account)

    assert account.entries()[-1].reference == new.job_id


def test_a_job_that_costs_too_much_is_refused_with_the_figures(account: Account) -> None:
    account.ledger.open_account("anna", NOON)
    submitted(account, job(1, tier="industry"))
    submitted(account, job(2, tier="professional"))

    with pytest.raises(InsufficientCreditsError) as refusal:
        submitted(account, job(3, tier="professional"))

    assert refusal.value.members == {"required": 15, "available": 10, "owed": 0}


def test_a_refused_submission_writes_nothing(account: Account) -> None:
    submitted(account, job(1, tier="industry"))
    submitted(account, job(2, tier="industry"))
    before = account.items("JobsTable"), account.items("CreditsTable")

    with pytest.raises(InsufficientCreditsError):
        account.intake.submit(job(3, tier="basic"), KEY, NOON)

    assert (account.items("JobsTable"), account.items("CreditsTable")) == before


def test_the_whole_balance_can_be_spent(account: Account) -> None:
    submitted(account, job(1, tier="industry"))
    submitted(account, job(2, tier="industry"))

    assert account.balance() == Balance(available=0, held=50)


# ---- work --------------------------------------------------------------------------------------------------------


def test_a_lease_makes_a_queued_job_the_holders(account: Account) -> None:
    working = leased(account)

    assert working.status is JobStatus.PROCESSING
    assert working.lease == Lease("a worker", NOON + MINUTE)
    assert working.attempts == 1
    assert account.jobs.get("anna", working.job_id) == working


def test_a_lease_is_not_taken_over_while_it_lasts(account: Account) -> None:
    working = leased(account)

    with pytest.raises(JobInProgressError) as refusal:
        account.jobs.lease("anna", working.job_id, Lease("another", NOON + 3 * MINUTE), NOON + MINUTE)

    assert refusal.value.until == NOON + MINUTE
    assert account.jobs.get("anna", working.job_id) == working


def test_a_lease_that_ran_out_is_taken_over(account: Account) -> None:
    working = leased(account)
    now = NOON + MINUTE + timedelta(microseconds=1)

    taken_over = account.jobs.lease("anna", working.job_id, Lease("another", NOON + 3 * MINUTE), now)

    assert taken_over.lease == Lease("another", NOON + 3 * MINUTE)
    assert taken_over.attempts == 2


def test_a_holder_whose_answer_got_lost_can_ask_for_its_lease_again(account: Account) -> None:
    working = leased(account, holder="a worker")

    again = account.jobs.lease("anna", working.job_id, Lease("a worker", NOON + MINUTE), NOON)

    assert again.lease == working.lease


def test_a_job_that_was_handed_back_can_be_leased_at_once(account: Account) -> None:
    working = leased(account)

    waiting = account.jobs.hand_back(working, NOON)
    again = account.jobs.lease("anna", working.job_id, Lease("another", NOON + MINUTE), NOON)

    assert (waiting.status, waiting.lease) == (JobStatus.QUEUED, None)
    assert (again.attempts, again.lease) == (2, Lease("another", NOON + MINUTE))
    assert account.balance() == Balance(available=42, held=8)


def test_completing_captures_the_price(account: Account) -> None:
    working = leased(account)

    completed = account.jobs.complete(working, RESULT, NOON + MINUTE)

    assert (completed.status, completed.result, completed.lease) == (JobStatus.COMPLETED, RESULT, None)
    assert account.jobs.get("anna", working.job_id) == completed
    assert account.balance() == Balance(available=42, held=0)
    assert account.movements()[-1] == ("capture", 0, -8)


def test_failing_releases_the_price(account: Account) -> None:
    working = leased(account)

    failed = account.jobs.fail(working, FAILURE, NOON + MINUTE)

    assert (failed.status, failed.failure, failed.lease) == (JobStatus.FAILED, FAILURE, None)
    assert account.jobs.get("anna", working.job_id) == failed
    assert account.balance() == Balance(available=50, held=0)
    assert account.movements()[-1] == ("release", 8, -8)


@pytest.mark.parametrize("ending", ["complete", "fail"])
@pytest.mark.parametrize("again", ["complete", "fail", "hand_back", "remember"])
def test_a_job_that_has_ended_does_not_change_again(account: Account, ending: str, again: str) -> None:
    working = leased(account)
    _write(account, ending, working)
    before = account.items("JobsTable"), account.items("CreditsTable")

    with pytest.raises(LeaseLostError):
        _write(account, again, working)

    assert (account.items("JobsTable"), account.items("CreditsTable")) == before


@pytest.mark.parametrize("write", ["complete", "fail", "hand_back", "remember"])
def test_a_holder_whose_lease_was_taken_over_changes_nothing(account: Account, write: str) -> None:
    working = leased(account)
    account.jobs.lease("anna", working.job_id, Lease("another", NOON + 5 * MINUTE), NOON + 2 * MINUTE)
    before = account.items("JobsTable"), account.items("CreditsTable")

    with pytest.raises(LeaseLostError):
        _write(account, write, working)

    assert (account.items("JobsTable"), account.items("CreditsTable")) == before


def _write(account: Account, what: str, working: Job) -> None:
    match what:
        case "complete":
            account.jobs.complete(working, RESULT, NOON + 3 * MINUTE)
        case "fail":
            account.jobs.fail(working, FAILURE, NOON + 3 * MINUTE)
        case "hand_back":
            account.jobs.hand_back(working, NOON + 3 * MINUTE)
        case "remember":
            account.jobs.remember_submission(working, 0, Submission("s", "r"), NOON + 3 * MINUTE)


def test_a_holder_that_is_late_but_was_not_replaced_may_still_complete(account: Account) -> None:
    working = leased(account)

    assert account.jobs.complete(working, RESULT, NOON + 9 * MINUTE).status is JobStatus.COMPLETED


def test_a_submission_is_remembered_for_whoever_works_on_the_job_next(account: Account) -> None:
    submission = Submission("https://router/status", "https://router/response", number=3, sent_at=1_777_896_000)
    working = account.jobs.remember_submission(leased(account), 0, submission, NOON)
    account.jobs.hand_back(working, NOON)

    again = account.jobs.lease("anna", working.job_id, Lease("another", NOON + MINUTE), NOON)

    assert again.submissions == {0: submission}


def test_a_submission_from_before_they_were_counted_is_the_first(account: Account) -> None:
    working = account.jobs.remember_submission(leased(account), 0, Submission("s", "r", 2, 7), NOON)
    account.dynamodb.update_item(
        TableName="JobsTable",
        Key={"pk": {"S": "anna"}, "sk": {"S": f"job#{working.job_id}"}},
        UpdateExpression="REMOVE submission0.#number, submission0.sent_at",
        ExpressionAttributeNames={"#number": "number"},
    )

    assert account.jobs.get("anna", working.job_id).submissions == {0: Submission("s", "r", 1, 0)}


@pytest.mark.parametrize("ending", ["complete", "fail"])
def test_an_ended_job_cannot_be_leased(account: Account, ending: str) -> None:
    working = leased(account)
    _write(account, ending, working)

    with pytest.raises(LeaseLostError):
        account.jobs.lease("anna", working.job_id, Lease("another", NOON + 9 * MINUTE), NOON + 5 * MINUTE)


def test_a_job_that_is_not_there_cannot_be_leased_into_existence(account: Account) -> None:
    with pytest.raises(JobNotFoundError):
        account.jobs.lease("anna", "no such job", Lease("a worker", NOON + MINUTE), NOON)

    assert account.items("JobsTable") == []


def test_cancelling_a_queued_job_releases_its_price(account: Account) -> None:
    cancelled = account.jobs.cancel(submitted(account), NOON)

    assert cancelled.status is JobStatus.CANCELLED
    assert account.jobs.get("anna", cancelled.job_id) == cancelled
    assert account.balance() == Balance(available=50, held=0)


def test_a_job_is_cancelled_once(account: Account) -> None:
    queued = submitted(account)
    account.jobs.cancel(queued, NOON)

    with pytest.raises(LeaseLostError):
        account.jobs.cancel(queued, NOON)

    assert account.balance() == Balance(available=50, held=0)


def test_a_job_that_is_worked_on_cannot_be_cancelled(account: Account) -> None:
    queued = submitted(account)
    account.jobs.lease("anna", queued.job_id, Lease("a worker", NOON + MINUTE), NOON)

    with pytest.raises(LeaseLostError):
        account.jobs.cancel(queued, NOON + 9 * MINUTE)

    assert account.balance() == Balance(available=42, held=8)


def test_a_hold_that_is_missing_from_the_balance_is_not_taken_for_a_lost_lease(account: Account) -> None:
    working = leased(account)
    account.dynamodb.put_item(
        TableName="CreditsTable",
        Item={"pk": {"S": "anna"}, "sk": {"S": "balance"}, "available": {"N": "42"}, "held": {"N": "7"}},
    )

    with pytest.raises(TransactionRefusedError):
        account.jobs.complete(working, RESULT, NOON)

    assert account.jobs.get("anna", working.job_id) == working
