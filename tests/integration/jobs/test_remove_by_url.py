from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance
from background_remover.domain.errors import DomainError
from background_remover.domain.image_errors import (
    EmptyImageError,
    ImageNotFetchedError,
    ImageTooLargeError,
    ImageUrlRefusedError,
)
from background_remover.domain.jobs import PATIENCE, JobStatus
from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.domain.tiers import tier_named
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import Account, later, now, photo
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions, Moment
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

CAT = "https://example.com/cat.png?key=secret"
UNTOUCHED = Balance(available=50, held=0)


@pytest.fixture
def web(account: Account) -> Account:
    account.web[CAT] = photo()
    return account


def test_an_image_is_fetched_and_cut_out_within_the_request(web: Account) -> None:
    removed = web.remove_by_url(CAT)

    assert removed.status is JobStatus.COMPLETED
    assert (removed.source.content_type, removed.source.width, removed.source.height) == ("image/png", 32, 24)
    assert web.objects.get(input_key(removed)) == photo()
    assert (web.movements()[1:], web.sent) == ([("hold", -3, 3), ("capture", 0, -3)], [])


def test_the_url_is_forgotten_with_the_delivery(web: Account) -> None:
    removed = web.remove_by_url(CAT)

    assert now(web, removed).source.url is None
    assert "secret" not in str(web.items("JobsTable"))


@pytest.mark.parametrize(
    "error",
    [
        ImageUrlRefusedError("It is not public."),
        ImageNotFetchedError("It answers with status 404."),
        ImageTooLargeError("It is larger than 10 MB.", limit=10_000_000),
        EmptyImageError("It is empty."),
    ],
)
def test_what_cannot_be_fetched_fails_with_its_reason_and_costs_nothing(web: Account, error: DomainError) -> None:
    web.web[CAT] = error

    failed = web.remove_by_url(CAT)

    assert failed.status is JobStatus.FAILED
    assert failed.failure
    assert (failed.failure.code, failed.failure.detail) == (error.code, error.detail)
    assert (web.balance(), web.files(), web.sent) == (UNTOUCHED, [], [])


def test_what_is_no_image_fails_as_an_upload_would(web: Account) -> None:
    web.web[CAT] = b"<!doctype html>"

    failed = web.remove_by_url(CAT)

    assert failed.failure
    assert (failed.failure.code, web.balance()) == ("not_an_image", UNTOUCHED)


def test_without_credits_nobody_is_asked(web: Account) -> None:
    web.create_batch(*[photo()] * 14)

    with pytest.raises(InsufficientCreditsError):
        web.remove_by_url(CAT, tier=tier_named("industry"))

    assert web.fetched == []


def test_who_does_not_want_to_wait_leaves_it_to_the_worker(web: Account) -> None:
    queued = web.remove_by_url(CAT, respond_async=True)

    assert (queued.status, web.fetched) == (JobStatus.QUEUED, [])
    (sent,) = web.sent
    delivered = web.process(sent.message)
    assert delivered
    assert (delivered.status, web.fetched) == (JobStatus.COMPLETED, [CAT])


def test_a_cold_model_leaves_the_fetched_image_to_the_worker(web: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("cold_start", estimated_time=600.0))

    queued = web.remove_by_url(CAT)
    web.web.clear()
    delivered = web.process(message_for(queued))

    assert queued.status is JobStatus.QUEUED
    assert delivered
    assert (delivered.status, web.fetched) == (JobStatus.COMPLETED, [CAT])


def test_the_same_image_again_is_fetched_and_costs_nothing(web: Account) -> None:
    first = web.remove_by_url(CAT, anew=False)
    again = web.remove_by_url(CAT, anew=False)

    assert (again.matte_of, again.price) == (first.job_id, 0)
    assert web.balance() == Balance(available=47, held=0)


def test_a_repeat_gets_the_first_job_and_fetches_nothing(web: Account) -> None:
    first = web.remove_by_url(CAT, idempotency_key="once")
    web.web[CAT] = photo("coral")

    assert web.remove_by_url(CAT, idempotency_key="once") == first
    assert web.fetched == [CAT]


def test_a_key_is_for_one_url(web: Account) -> None:
    web.remove_by_url(CAT, idempotency_key="once")

    with pytest.raises(IdempotencyKeyReusedError):
        web.remove_by_url(f"{CAT}2", idempotency_key="once")


def test_a_fetcher_that_fails_has_the_job_wait(web: Account) -> None:
    """Which says nothing of the image."""
    del web.web[CAT]

    waiting = web.remove_by_url(CAT)

    assert (waiting.status, [sent.message for sent in web.sent]) == (JobStatus.QUEUED, [message_for(waiting)])
    web.web[CAT] = photo()
    delivered = web.process(message_for(waiting))
    assert delivered
    assert delivered.status is JobStatus.COMPLETED


def test_a_fetcher_that_fails_for_hours_has_the_job_fail(web: Account) -> None:
    del web.web[CAT]
    waiting = web.remove_by_url(CAT)
    web.clock.advance(PATIENCE)

    failed = web.process(message_for(waiting))

    assert failed
    assert failed.failure
    assert (failed.failure.code, web.balance()) == ("abandoned", UNTOUCHED)


@pytest.mark.parametrize("error", [CrashError, AnswerLostError])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("call", "occurrence"),
    [
        ("TransactWriteItems", 1),
        ("UpdateItem", 1),
        ("HeadObject", 1),
        ("Invoke", 1),
        ("PutObject inputs", 1),
        ("GetObject", 1),
        ("PutObject results", 1),
        ("TransactWriteItems", 2),
    ],
)
def test_a_request_that_dies_anywhere_charges_once_or_nothing(
    web: Account, call: str, occurrence: int, moment: Moment, error: type[BaseException]
) -> None:
    with Interruptions(web) as interruptions:
        interruptions.arm(Interruption(call, moment, error, occurrence))
        with suppress(CrashError, AnswerLostError):
            web.remove_by_url(CAT, idempotency_key="once")
        assert not interruptions.is_armed

    web.clock.advance(timedelta(minutes=2))
    repeated = web.remove_by_url(CAT, idempotency_key="once")
    for _ in range(3):
        while web.sent:
            web.process(web.sent.pop(0).message)
        later(web, minutes=17)

    assert now(web, repeated).status is JobStatus.COMPLETED
    assert web.balance() == Balance(available=47, held=0)
    assert len([item for item in web.items("JobsTable") if item["sk"]["S"].startswith("job#")]) == 1


def test_of_a_request_that_died_at_once_the_reconciler_has_the_image_fetched(web: Account) -> None:
    with Interruptions(web) as interruptions:
        interruptions.arm(Interruption("UpdateItem", "before", CrashError, 1))
        with pytest.raises(CrashError):
            web.remove_by_url(CAT)

    later(web, minutes=17)
    (sent,) = web.sent
    delivered = web.process(sent.message)

    assert delivered
    assert (delivered.status, web.fetched) == (JobStatus.COMPLETED, [CAT])


def test_of_a_batch_what_cannot_be_fetched_fails_and_the_rest_is_delivered(web: Account) -> None:
    nothing = "https://example.com/nothing"
    web.web[nothing] = ImageNotFetchedError("It answers with status 404.")
    created = web.create_batch(CAT, nothing, None)

    assert [job.status for job in created.jobs] == ["queued", "queued", "awaiting_upload"]
    assert {sent.message for sent in web.sent} == {message_for(job) for job in created.jobs[:2]}
    for sent in list(web.sent):
        web.process_and_close(sent.message)

    batch = web.batches.get("anna", created.batch.batch_id)
    assert (batch.completed, batch.failed, batch.released) == (1, 1, created.jobs[1].price)


def test_a_batch_with_the_same_key_and_another_url_is_another(web: Account) -> None:
    web.create_batch(CAT, key="once")

    with pytest.raises(IdempotencyKeyReusedError):
        web.create_batch(f"{CAT}2", key="once")
