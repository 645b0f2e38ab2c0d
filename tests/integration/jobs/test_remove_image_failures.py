"""What becomes of a removal when AWS fails us half-way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from background_remover.domain.credit_errors import ContentionError
from background_remover.domain.credits import Balance
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.work_queue import JobMessage
from tests.integration.jobs.account import Account, removal
from tests.integration.jobs.aws_account import SentMessage
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions, Moment

SUBMIT = "TransactWriteItems"


def test_a_failure_after_the_job_was_made_hands_it_to_the_queue(account: Account) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", AnswerLostError))
        job = account.remove(removal())

    assert job.status is JobStatus.QUEUED
    assert account.sent == [SentMessage(JobMessage("anna", job.job_id), delay=5)]
    account.process(account.sent[0].message)
    assert account.jobs.get("anna", job.job_id).status is JobStatus.COMPLETED


@pytest.mark.parametrize("file", ["inputs", "mattes", "thumbnails"])
def test_a_file_that_could_not_be_stored_leaves_the_job_to_the_queue(account: Account, file: str) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(f"PutObject {file}", "before", AnswerLostError))
        job = account.remove(removal())

    assert job.status is JobStatus.QUEUED
    assert len(account.sent) == 1


def test_a_photo_that_never_reached_the_bucket_gives_its_credits_back(account: Account) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject inputs", "before", AnswerLostError))
        job = account.remove(removal(respond_async=True))

    account.process(account.sent[0].message)

    failed = account.jobs.get("anna", job.job_id)
    assert failed.failure
    assert (failed.status, failed.failure.code) == (JobStatus.FAILED, "photo_lost")
    assert account.balance() == Balance(available=50, held=0)


def test_a_job_that_completed_though_the_answer_got_lost_is_answered_as_completed(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(SUBMIT, "after", AnswerLostError, occurrence=2))
        job = account.remove(removal())

    assert job.status is JobStatus.COMPLETED
    assert account.balance() == Balance(available=47, held=0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("respond_async", [False, True])
def test_a_submit_without_an_answer_holds_nothing_for_long(
    account: Account, moment: Moment, respond_async: bool
) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(SUBMIT, moment, AnswerLostError))
        with pytest.raises(AnswerLostError):
            account.remove(removal(respond_async=respond_async))

    (sent,) = account.sent
    account.clock.advance(timedelta(seconds=sent.delay, microseconds=1))
    account.process(sent.message)

    assert account.balance() == Balance(available=50, held=0)


def test_contention_on_the_balance_is_refused_and_leaves_no_message(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(SUBMIT, "before", lambda: ContentionError("Too much at once.")))
        with pytest.raises(ContentionError):
            account.remove(removal())

    assert account.sent == []
