from __future__ import annotations

from datetime import timedelta

import pytest

from background_remover.domain.batches import BatchStatus
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.jobs import JobStatus, Lease
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import BatchMessage, message_for
from tests.integration.jobs.account import LEASE, Account, batch_now, later, now, photo, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import CrashError, Interruption, Interruptions


def test_an_upload_that_did_not_come_expires_and_gives_its_credits_back(account: Account) -> None:
    job = account.create_upload()

    later(account, minutes=15)
    assert now(account, job).status is JobStatus.AWAITING_UPLOAD
    later(account, minutes=2)

    assert now(account, job).status is JobStatus.EXPIRED
    assert account.balance() == Balance(available=50, held=0)


def test_an_upload_whose_event_got_lost_is_found(account: Account) -> None:
    job = account.create_upload()
    account.written(input_key(job), photo())

    later(account, minutes=17)

    assert now(account, job).status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_a_job_whose_message_got_lost_is_put_in_line_again_and_ever_more_rarely(account: Account) -> None:
    job = account.remove(removal(respond_async=True))
    account.sent.clear()

    for _ in range(60):
        later(account, minutes=1)

    assert [sent.message for sent in account.sent] == [message_for(job)] * 2


def test_a_request_that_was_killed_leaves_no_job_behind(account: Account) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", CrashError))
        with pytest.raises(CrashError):
            account.remove(removal())

    later(account, minutes=3)
    account.process(account.sent[0].message)

    assert account.balance().held == 0


def test_a_job_that_somebody_works_on_is_left_alone(account: Account) -> None:
    job = account.remove(removal(respond_async=True))
    account.sent.clear()
    account.clock.advance(timedelta(minutes=15))
    account.jobs.lease("anna", job.job_id, Lease("a worker", account.clock() + LEASE), account.clock())

    later(account, minutes=1)

    assert now(account, job).status is JobStatus.PROCESSING
    assert account.sent == []


def test_a_job_that_is_never_finished_is_abandoned_and_gives_its_credits_back(account: Account) -> None:
    job = account.remove(removal(respond_async=True))

    for _ in range(9):
        later(account, hours=1)

    failure = now(account, job).failure
    assert failure
    assert failure.code == "abandoned"
    assert account.balance() == Balance(available=50, held=0)


def test_a_dead_letter_ends_its_job(account: Account) -> None:
    job = account.remove(removal(respond_async=True))

    account.reconcile().dead_letter(message_for(job))

    assert now(account, job).status is JobStatus.FAILED
    assert account.balance() == Balance(available=50, held=0)


def test_a_dead_letter_of_an_archive_says_so_on_its_batch(account: Account) -> None:
    batch = account.create_batch(photo()).batch
    account.process_and_close(account.sent[0].message)

    account.reconcile().dead_letter(BatchMessage("anna", batch.batch_id))

    failure = batch_now(account, batch).archive_failure
    assert failure
    assert failure.code == "archive_failed"


def test_an_archive_that_is_not_made_is_asked_for_again_and_then_given_up(account: Account) -> None:
    batch = account.create_batch(photo()).batch
    account.process_and_close(account.sent[0].message)

    for _ in range(5):
        later(account, minutes=21)

    assert len(account.archives_asked) == 3
    assert batch_now(account, batch).archive_failure


def test_a_batch_expires_with_what_did_not_come_and_delivers_the_rest(account: Account) -> None:
    created = account.create_batch(None, None, None, None)
    for job in created.jobs[:2]:
        account.receive(account.written(input_key(job), photo()))
        account.process_and_close(message_for(job))

    later(account, minutes=17)

    batch = batch_now(account, created.batch)
    assert (batch.status, batch.completed, batch.expired) == (BatchStatus.PARTIAL, 2, 2)
    assert (batch.charged, batch.released) == (6, 6)
    assert account.balance() == Balance(available=44, held=0)
    assert account.archives_asked == [BatchMessage("anna", batch.batch_id)]


def test_a_batch_of_nothing_but_corrupt_photos_costs_nothing_and_has_no_archive(account: Account) -> None:
    created = account.create_batch(b"no", b"photo", b"at all")

    for job in created.jobs:
        account.process_and_close(message_for(job))

    batch = batch_now(account, created.batch)
    assert (batch.status, batch.failed, batch.due_at) == (BatchStatus.FAILED, 3, None)
    assert account.balance() == Balance(available=50, held=0)
    assert account.archives_asked == []


def test_a_batch_that_is_cancelled_half_way_charges_what_was_delivered(account: Account) -> None:
    created = account.create_batch(photo(), photo(), None, None)
    for job in created.jobs[:1]:
        account.process_and_close(message_for(job))

    account.cancel_batch(created.batch.batch_id)

    batch = batch_now(account, created.batch)
    assert (batch.status, batch.completed, batch.cancelled) == (BatchStatus.CANCELLED, 1, 3)
    assert account.balance() == Balance(available=47, held=0)
    assert account.archives_asked == [BatchMessage("anna", batch.batch_id)]


def test_a_batch_that_costs_too_much_leaves_nothing_behind(account: Account) -> None:
    with pytest.raises(InsufficientCreditsError):
        account.create_batch(*[photo()] * 17)

    assert (account.items("JobsTable"), account.files()) == ([], [])
    assert account.balance() == Balance(available=50, held=0)


def test_jobs_whose_batch_never_came_to_be_are_removed(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", CrashError))
        with pytest.raises(CrashError):
            account.create_batch(photo(), photo())
    assert len(account.items("JobsTable")) == 2

    later(account, minutes=17)

    assert (account.items("JobsTable"), account.files()) == ([], [])
    assert account.balance() == Balance(available=50, held=0)


def test_a_repeat_with_the_same_key_gets_the_first_batch(account: Account) -> None:
    first = account.create_batch(photo(), None, key="once")

    second = account.create_batch(photo(), None, key="once")

    assert second == first
    assert account.balance() == Balance(available=44, held=6)


def test_three_hundred_jobs_are_cancelled_to_the_last_credit(account: Account) -> None:
    account.ledger.grant("anna", purchase(1000), reference="r", now=NOON)
    created = account.create_batch(*[None] * 300)

    cancelled = account.cancel_batch(created.batch.batch_id)

    assert (cancelled.cancelled, cancelled.held) == (300, 0)
    assert account.balance() == Balance(available=1050, held=0)
    assert [kind for kind, *_ in account.movements()].count("release") == 4
