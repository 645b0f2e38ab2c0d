from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.jobs import Job, JobStatus, Lease, Margin, Options
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key
from background_remover.gateways.work_queue import JobMessage, message_for
from tests.integration.jobs.account import LEASE, Account, now, photo, removal
from tests.integration.jobs.aws_account import NOON, SentMessage
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions, Moment
from tests.stack.hugging_face import Call, Fault, HuggingFaceStandIn


def queued(account: Account, tier: str = "basic") -> Job:
    job = account.remove(removal(tier=tier, respond_async=True))
    account.sent.clear()
    return job


@pytest.mark.parametrize(("tier", "price"), [("basic", 3), ("standard", 8)])
def test_a_message_cuts_its_job_out(account: Account, tier: str, price: int) -> None:
    job = queued(account, tier)

    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED
    assert set(account.files()) == {input_key(job), result_key(job), matte_key(job), thumbnail_key(job)}
    assert account.balance() == Balance(available=50 - price, held=0)
    assert account.sent == []


def test_a_job_of_the_queue_is_rendered_as_it_was_asked_for(account: Account) -> None:
    """At its own size the photo would be too long for a WebP."""
    wanted = Options(format="webp", crop=Margin(0), max_size=1000)
    job = account.remove(removal(photo(width=16_400, height=4), options=wanted, respond_async=True))

    account.process(message_for(job))

    result = now(account, job).result
    assert result
    assert (result.content_type, max(result.width, result.height)) == ("image/webp", 1000)


def test_a_job_of_the_queue_is_taken_on_where_the_crop_makes_it_small_enough(account: Account) -> None:
    wanted = Options(format="webp", crop=Margin(0))
    job = account.remove(removal(photo(width=16_400, height=4), options=wanted, respond_async=True))

    account.process(message_for(job))

    result = now(account, job).result
    assert result
    assert result.width < 16_384


def test_a_job_of_the_queue_whose_crop_the_format_cannot_hold_fails_and_costs_nothing(account: Account) -> None:
    wanted = Options(format="webp", crop=Margin(99_999))
    job = account.remove(removal(photo(width=16_400, height=4), options=wanted, respond_async=True))

    account.process(message_for(job))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "too_many_pixels"
    assert account.balance() == Balance(available=50, held=0)
    assert result_key(job) not in account.files()


def test_a_message_that_comes_twice_changes_nothing(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    account.process(message_for(job))
    before = account.items("JobsTable"), account.items("CreditsTable")
    hub.forget_requests()

    account.process(message_for(job))

    assert (account.items("JobsTable"), account.items("CreditsTable")) == before
    assert account.sent == []
    assert hub.requests == []


def test_a_message_of_a_job_that_is_gone_is_ignored(account: Account) -> None:
    account.process(JobMessage("anna", "no such job"))

    assert account.items("JobsTable") == []
    assert account.sent == []


def test_a_photo_that_is_gone_fails_the_job_and_gives_its_credits_back(account: Account) -> None:
    job = queued(account)
    account.objects.delete([input_key(job)])

    account.process(message_for(job))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "photo_lost"
    assert account.balance() == Balance(available=50, held=0)


def test_a_photo_that_does_not_decode_fails_the_job_and_gives_its_credits_back(account: Account) -> None:
    job = queued(account)
    account.objects.put(input_key(job), b"not a photo", "image/png")

    account.process(message_for(job))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "not_an_image"
    assert account.balance() == Balance(available=50, held=0)


def test_a_message_of_a_job_that_somebody_works_on_comes_again_when_the_lease_is_over(account: Account) -> None:
    job = queued(account)
    account.jobs.lease("anna", job.job_id, Lease("another worker", NOON + timedelta(seconds=90)), NOON)
    before = account.items("JobsTable")

    account.process(message_for(job))

    assert account.sent == [SentMessage(message_for(job), delay=91)]
    assert account.items("JobsTable") == before


def test_a_job_whose_worker_died_is_taken_over(account: Account) -> None:
    job = queued(account)
    account.jobs.lease("anna", job.job_id, Lease("a dead worker", NOON + LEASE), NOON)
    account.clock.advance(LEASE + timedelta(seconds=1))

    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED
    assert now(account, job).attempts == 2


def test_a_cold_model_puts_the_job_off_again(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("cold_start", estimated_time=42.0))

    account.process(message_for(job))

    assert account.sent == [SentMessage(message_for(job), delay=42)]
    assert (now(account, job).status, now(account, job).lease) == (JobStatus.QUEUED, None)
    assert account.balance() == Balance(available=47, held=3)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_while_it_puts_a_job_off_has_sent_the_message_already(
    account: Account, hub: HuggingFaceStandIn, moment: Moment
) -> None:
    job = queued(account)
    hub.play(Fault("cold_start"))
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("UpdateItem", moment, CrashError, occurrence=2))
        with pytest.raises(CrashError):
            account.process(message_for(job))

    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_no_delay_is_longer_than_sqs_takes(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("rate_limited", retry_after=7200))

    account.process(message_for(job))

    assert [sent.delay for sent in account.sent] == [900]


def test_a_job_that_waited_too_long_for_hugging_face_fails_and_gives_its_credits_back(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    job = queued(account)
    account.clock.advance(timedelta(hours=6))
    hub.play(Fault("cold_start"))

    account.process(message_for(job))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "inference_unavailable"
    assert account.balance() == Balance(available=50, held=0)
    assert account.sent == []


def test_a_job_that_waited_long_is_still_cut_out_when_hugging_face_delivers(account: Account) -> None:
    job = queued(account)
    account.clock.advance(timedelta(hours=7))

    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED


def test_a_request_that_waits_in_hugging_faces_queue_is_not_sent_again(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    job = queued(account, "standard")
    hub.play(Fault("cold_start", on="result"))
    account.process(message_for(job))

    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED
    assert submits(hub) == 1


def submits(hub: HuggingFaceStandIn) -> int:
    return [request.call for request in hub.requests].count("submit")


def wait_for_the_queue(account: Account, *, until: datetime) -> None:
    """Time passes, and the one message that waits is worked on whenever it is due."""
    while account.sent and (due := account.clock() + timedelta(seconds=account.sent[-1].delay)) <= until:
        account.clock.now = due
        account.process(account.sent.pop().message)
    account.clock.now = until


OUTAGES = [Fault("html_200"), Fault("empty_200"), Fault("error_200"), Fault("server_error"), Fault("connection_reset")]
outages = pytest.mark.parametrize("fault", OUTAGES, ids=lambda fault: fault.kind)


@outages
@pytest.mark.parametrize("call", ["submit", "poll", "result"])
def test_a_minute_of_outage_is_outlived_wherever_it_begins(
    account: Account, hub: HuggingFaceStandIn, fault: Fault, call: Call
) -> None:
    job = queued(account, "standard")
    hub.play(replace(fault, on=call, times=9999))
    account.process(message_for(job))

    wait_for_the_queue(account, until=NOON + timedelta(minutes=1))
    assert now(account, job).status is JobStatus.QUEUED
    hub.forget_faults()
    wait_for_the_queue(account, until=NOON + timedelta(hours=1))

    assert now(account, job).status is JobStatus.COMPLETED
    assert account.balance() == Balance(available=42, held=0)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("html_200", on="submit"),
        Fault("server_error", on="submit"),
        Fault("fal_failed", state="COMPLETED"),
        Fault("not_found", on="result"),
    ],
    ids=lambda fault: fault.kind,
)
def test_six_hours_in_which_no_submit_comes_to_anything_are_eight_at_most(
    account: Account, hub: HuggingFaceStandIn, fault: Fault
) -> None:
    job = queued(account, "standard")
    hub.play(replace(fault, times=9999))
    account.process(message_for(job))

    wait_for_the_queue(account, until=NOON + timedelta(hours=7))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "inference_unavailable"
    assert now(account, job).submissions[0].number == submits(hub) == 8
    assert account.balance() == Balance(available=50, held=0)


def test_a_message_that_comes_early_submits_nothing(
    account: Account, hub: HuggingFaceStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda shortest, _: shortest)
    job = queued(account, "standard")
    hub.play(Fault("html_200", on="submit"))
    account.process(message_for(job))

    account.process(message_for(job))

    assert submits(hub) == 1
    assert [sent.delay for sent in account.sent] == [pytest.approx(10, abs=1)] * 2


def test_what_the_queue_turns_away_is_not_counted(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account, "standard")
    hub.play(Fault("rate_limited", times=9999))
    account.process(message_for(job))
    wait_for_the_queue(account, until=NOON + timedelta(minutes=10))
    turned_away = submits(hub)

    hub.forget_faults()
    wait_for_the_queue(account, until=NOON + timedelta(hours=1))

    assert turned_away > 8
    assert now(account, job).status is JobStatus.COMPLETED
    assert now(account, job).submissions[0].number == 1


def test_a_result_that_waits_in_hugging_faces_queue_is_asked_for_before_it_is_gone(
    account: Account, hub: HuggingFaceStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, longest: longest)
    job = queued(account, "standard")
    hub.play(Fault("html_200", on="poll", times=9999))

    for _ in range(12):
        account.process(message_for(job))

    assert max(sent.delay for sent in account.sent) == 300
    assert submits(hub) == 1


def test_a_worker_that_lost_its_lease_meanwhile_leaves_the_job_to_the_other(account: Account) -> None:
    job = queued(account)

    def take_over() -> None:
        account.clock.advance(LEASE + timedelta(seconds=1))
        account.process(message_for(job))

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", take_over))
        account.process(message_for(job))

    assert now(account, job).attempts == 2
    assert account.movements() == [("bonus", 50, 0), ("hold", -3, 3), ("capture", 0, -3)]


def test_a_worker_that_lost_its_lease_cannot_fail_the_job(account: Account) -> None:
    job = queued(account)
    content = account.objects.get(input_key(job)) or b""

    def take_over() -> None:
        account.objects.put(input_key(job), content, "image/png")
        account.clock.advance(LEASE + timedelta(seconds=1))
        account.process(message_for(job))

    account.objects.delete([input_key(job)])
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", take_over))
        account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED
    assert account.balance() == Balance(available=47, held=0)


def test_a_failure_on_our_side_leaves_the_message_to_be_delivered_again(account: Account) -> None:
    job = queued(account)
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", AnswerLostError))
        with pytest.raises(AnswerLostError):
            account.process(message_for(job))

    account.clock.advance(timedelta(seconds=720))
    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED


def test_the_loser_of_a_lease_is_told(account: Account) -> None:
    job = queued(account)
    leased = account.jobs.lease("anna", job.job_id, Lease("a worker", NOON + LEASE), NOON)
    account.jobs.hand_back(leased, NOON)

    with pytest.raises(LeaseLostError):
        account.jobs.hand_back(leased, NOON)
