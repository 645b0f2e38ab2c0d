"""What goes wrong around a batch while somebody else, or the same caller again, is at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from background_remover.domain.batches import Archive, BatchStatus
from background_remover.domain.credit_errors import ContentionError, InsufficientCreditsError
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.jobs import Failure, JobStatus
from background_remover.gateways.dynamodb import to_item
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import BatchMessage, message_for
from background_remover.use_cases.memory_room import MemoryRoom
from tests.integration.jobs.account import LEASE, SECONDS, Account, batch_now, later, now, photo
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions

busy = partial(ContentionError, "busy")


def test_a_repeat_after_a_lost_answer_brings_the_photos_again(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "after", AnswerLostError))
        with pytest.raises(AnswerLostError):
            account.create_batch(photo(), photo(), key="once")

    repeated = account.create_batch(photo(), photo(), key="once")
    for sent in account.sent:
        account.process_and_close(sent.message)

    assert batch_now(account, repeated.batch).status is BatchStatus.COMPLETED
    assert account.balance() == Balance(available=44, held=0)


def test_the_photos_of_a_lost_answer_are_still_there_without_a_repeat(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "after", AnswerLostError))
        with pytest.raises(AnswerLostError):
            account.create_batch(photo())

    later(account, minutes=16)
    account.process_and_close(account.sent[0].message)

    assert account.balance() == Balance(available=47, held=0)


def test_a_hold_that_others_are_in_the_way_of_leaves_no_jobs_behind(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", busy))
        with pytest.raises(ContentionError):
            account.create_batch(photo(), photo())

    assert (account.items("JobsTable"), account.files()) == ([], [])


def test_a_job_whose_batch_is_not_there_cannot_be_erased(account: Account) -> None:
    account.balance()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", CrashError))
        with pytest.raises(CrashError):
            account.create_batch(photo())
    (job,), _ = account.jobs.page("anna", limit=10, cursor=None, status=None, tier=None)

    with pytest.raises(JobNotFoundError):
        account.erase(job)


def test_a_job_whose_end_others_are_in_the_way_of_is_tried_again_soon(account: Account) -> None:
    (job,) = account.create_batch(photo()).jobs
    account.sent.clear()
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", busy))
        account.process_and_close(message_for(job))

    (sent,) = account.sent
    assert (now(account, job).status, sent.message) == (JobStatus.QUEUED, message_for(job))
    assert sent.delay <= 30
    account.process_and_close(sent.message)
    assert account.balance() == Balance(available=47, held=0)


def test_a_job_for_which_there_is_no_room_is_tried_again_soon(account: Account) -> None:
    (job,) = account.create_batch(photo()).jobs
    account.sent.clear()
    process_job = account.process_job()
    crowded = replace(process_job, cut_out=replace(process_job.cut_out, room=MemoryRoom(1)))
    with crowded.cut_out.room.taken(1, seconds=0):
        crowded(message_for(job), time_left=lambda: 0.0, lease_for=LEASE)

    assert now(account, job).status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_a_repeat_of_a_message_whose_worker_died_before_it_closed_the_batch_asks_for_the_archive(
    account: Account,
) -> None:
    (job,) = account.create_batch(photo()).jobs
    account.process_job()(message_for(job), time_left=lambda: SECONDS, lease_for=LEASE)

    account.process_and_close(message_for(job))

    assert account.archives_asked == [BatchMessage("anna", job.batch_id or "")]


def test_an_old_batch_that_nobody_closed_gets_its_archive_within_minutes(account: Account) -> None:
    first, second = account.create_batch(photo(), photo()).jobs
    account.process_and_close(message_for(first))
    for _ in range(70):
        later(account, minutes=1)
    account.process(message_for(second))

    later(account, minutes=2)

    assert len(account.archives_asked) == 1


def test_a_cancellation_that_died_half_way_is_finished_by_the_reconciler(account: Account) -> None:
    account.ledger.grant("anna", purchase(1000), reference="r", now=NOON)
    batch = account.create_batch(*[None] * 150).batch
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", CrashError, occurrence=2))
        with pytest.raises(CrashError):
            account.cancel_batch(batch.batch_id)

    later(account, minutes=2)

    assert (batch_now(account, batch).status, batch_now(account, batch).cancelled) == (BatchStatus.CANCELLED, 150)
    assert account.balance() == Balance(available=1050, held=0)


def test_a_job_that_is_handed_back_after_its_batch_was_cancelled_is_cancelled(account: Account) -> None:
    created = account.create_batch(photo(), photo())
    (job, _), batch = created.jobs, created.batch
    process_job = account.process_job()

    def cancel_meanwhile() -> ContentionError:
        account.cancel_batch(batch.batch_id)
        return busy()

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", cancel_meanwhile))
        process_job(message_for(job), time_left=lambda: SECONDS, lease_for=LEASE)

    later(account, minutes=2)

    assert batch_now(account, batch).cancelled == 2
    assert account.balance() == Balance(available=50, held=0)


def test_one_tenants_broken_balance_does_not_keep_the_reconciler_from_another(account: Account) -> None:
    account.create_upload()
    account.dynamodb.update_item(
        TableName="CreditsTable",
        Key=to_item({"pk": "anna", "sk": "balance"}),
        UpdateExpression="SET held = :nothing",
        ExpressionAttributeValues=to_item({":nothing": 0}),
    )
    other = account.create_upload(user_id="ben")
    account.clock.advance(timedelta(minutes=17))

    with pytest.raises(ExceptionGroup):
        account.reconcile().sweep()

    assert now(account, other).status is JobStatus.EXPIRED


def test_an_archive_that_is_ready_after_it_was_given_up_can_be_had(account: Account) -> None:
    batch = account.create_batch(photo()).batch
    account.process_and_close(account.sent[0].message)
    account.batches.fail_archive(batch, Failure("archive_failed", "It failed."))

    account.batches.complete_archive(batch, Archive(size=1, ready_at=NOON))

    assert (batch_now(account, batch).archive_failure, batch_now(account, batch).archive) == (None, Archive(1, NOON))


def test_an_archive_is_not_made_while_one_of_its_jobs_seems_open(account: Account) -> None:
    created = account.create_batch(photo(), photo())
    for job in created.jobs:
        account.process_and_close(message_for(job))
    account.dynamodb.update_item(
        TableName="JobsTable",
        Key=to_item({"pk": "anna", "sk": f"job#{created.jobs[1].job_id}"}),
        UpdateExpression="SET #status = :processing",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues=to_item({":processing": "processing"}),
    )

    with pytest.raises(RuntimeError):
        account.assemble(account.archives_asked[0])

    assert input_key(created.jobs[0]) in account.files()
    assert not [key for key in account.files() if key.startswith("zips/")]


def test_a_batch_that_cannot_be_paid_for_writes_and_deletes_nothing(account: Account) -> None:
    account.balance()
    calls: list[str] = []
    account.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    with pytest.raises(InsufficientCreditsError):
        account.create_batch(*[photo()] * 20, tier="industry")

    assert {"BatchWriteItem", "TransactWriteItems"}.isdisjoint(calls)
    assert "GetItem" in calls
