"""The tier whose photo is looked at twice, the second time mirrored: both at once, and one is enough for a result."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier, Semaphore
from typing import Any, cast

import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from background_remover.domain import credits
from background_remover.domain.credits import Balance
from background_remover.domain.errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Job, JobStatus, Lease, Submission
from background_remover.domain.subscriptions import Usage
from background_remover.domain.tiers import TIERS, Refinement
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import matte_key, result_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import metrics
from background_remover.use_cases.process_job import ProcessJob
from imaging import framing
from imaging.cutout import Cutout, compose
from imaging.matte import Matte, decode_matte
from imaging.photo import Photo
from tests.integration.jobs.account import LEASE, NOON, SECONDS, TOKEN, Account, batch_now, now, removal
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.stack.hugging_face import Fault, HuggingFaceStandIn
from tests.unit.imaging import images

PHOTO = images.photo_file("PNG")
FAILURES = [
    InferenceRefusedError("No."),
    InvalidMatteError("Half a matte."),
    InferenceUnavailableError("Out of time.", retry_after=0.0),
    InferenceMisconfiguredError("Pay your bill.", retry_after=60.0),
]
failures = pytest.mark.parametrize("failure", FAILURES, ids=lambda error: error.code)


class Model:
    """In place of Hugging Face: what each pass gives, 0 that of the photo as it is and 1 that of its mirror image.

    `together`: neither answers before both have been asked.
    """

    def __init__(self, *passes: np.ndarray | Exception, together: bool = False) -> None:
        self.passes = passes
        self.asked: list[Image.Image] = []
        self.meet = Barrier(len(passes)).wait if together else lambda *_: None

    def route(self, _: object) -> None:
        return

    def infer(self, _: object, photo: Any, read: Callable[[bytes], Any], **__: object) -> Any:
        seen = Image.open(io.BytesIO(photo.content)).convert("RGB")
        self.asked.append(seen)
        self.meet(10)
        number = int(not is_like(np.asarray(seen), images.gradient()))
        answer = self.passes[number]
        if isinstance(answer, Exception):
            raise answer
        return read(images.file_of(Image.fromarray(answer), "PNG"))


def is_like(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(abs(one.astype(int) - other).mean() < 10)


def ramp(start: int) -> np.ndarray:
    """A matte of the photo's size, each column of another alpha."""
    return np.tile(np.arange(start, start + 3 * 64, 3, dtype=np.uint8), (48, 1))


@pytest.fixture
def account_with(hub: HuggingFaceStandIn) -> Iterator[Callable[[Model], Account]]:
    with mock_aws(), Account(hub, token=TOKEN) as account:

        def having(model: Model) -> Account:
            account.hugging_face = cast("HuggingFace", model)
            return account

        yield having
    metrics.clear_metrics()


WithModel = Callable[[Model], Account]


def counted() -> set[str]:
    return set(metrics.provider.metric_set)


def kept_matte(account: Account, job: Job) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(account.objects.get(matte_key(job)) or b"")))


def industry(content: bytes = PHOTO, **asked: Any) -> Any:
    return removal(content, tier="industry", **asked)


def queued(account: Account) -> Job:
    job = account.remove(industry(respond_async=True))
    account.sent.clear()
    return job


# ---- both passes -------------------------------------------------------------------------------------------------


def test_both_are_asked_at_the_same_time(account_with: WithModel) -> None:
    model = Model(ramp(0), ramp(0), together=True)

    job = account_with(model).remove(industry())

    assert job.status is JobStatus.COMPLETED
    assert len(model.asked) == 2


def test_both_are_asked_at_the_same_time_by_a_worker_too(account_with: WithModel) -> None:
    account = account_with(Model(ramp(0), ramp(0), together=True))
    job = queued(account)

    account.process(message_for(job))

    assert now(account, job).status is JobStatus.COMPLETED


def test_the_second_sees_the_photo_mirrored(account_with: WithModel) -> None:
    model = Model(ramp(0), ramp(0))

    account_with(model).remove(industry())

    seen = [np.asarray(each) for each in model.asked]
    straight, turned = seen if is_like(seen[0], images.gradient()) else seen[::-1]
    assert is_like(straight, images.gradient())
    assert is_like(turned, images.gradient()[:, ::-1])


def test_the_matte_that_is_kept_is_the_mean_of_the_first_and_the_second_mirrored_back(account_with: WithModel) -> None:
    account = account_with(Model(ramp(0), ramp(50)))

    job = account.remove(industry())

    back = ramp(50)[:, ::-1].astype(int)
    assert np.array_equal(kept_matte(account, job), (ramp(0) + back + 1) // 2)


def test_tiers_below_ask_once(account: Account, hub: HuggingFaceStandIn) -> None:
    account.remove(removal(tier="professional"))

    assert [request.call for request in hub.requests].count("submit") == 1


def test_one_permit_is_enough(account_with: WithModel) -> None:
    account = account_with(Model(ramp(0), ramp(0)))
    job = queued(account)
    process_job = account.process_job()
    one_by_one = replace(process_job, cut_out=replace(process_job.cut_out, inferences=Semaphore(1)))

    process(one_by_one, job)

    done = now(account, job)
    assert done.result
    assert (done.status, done.result.tier) == (JobStatus.COMPLETED, "industry")


def process(process_job: ProcessJob, job: Job) -> None:
    process_job(message_for(job), time_left=lambda: SECONDS, lease_for=LEASE)


# ---- what waits in Hugging Face's queue ----------------------------------------------------------------------------


def submits(hub: HuggingFaceStandIn) -> int:
    return [request.call for request in hub.requests].count("submit")


def test_both_submissions_are_remembered_and_polled_again(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("cold_start", on="result", times=2))
    account.process(message_for(job))
    waiting = now(account, job)

    account.process(message_for(job))

    assert waiting.status is JobStatus.QUEUED
    assert set(waiting.submissions) == {0, 1}
    assert waiting.submissions[0] != waiting.submissions[1]
    done = now(account, job)
    assert done.result
    assert (done.status, done.result.tier, submits(hub)) == (JobStatus.COMPLETED, "industry", 2)


def test_only_the_pass_that_was_not_taken_is_submitted_again(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("cold_start", on="submit"), Fault("cold_start", on="result"))
    account.process(message_for(job))
    waiting = now(account, job)
    hub.forget_requests()

    account.process(message_for(job))

    assert (waiting.status, len(waiting.submissions)) == (JobStatus.QUEUED, 1)
    assert submits(hub) == 1
    assert now(account, job).status is JobStatus.COMPLETED


def test_the_submissions_of_two_passes_do_not_overwrite_each_other(account: Account) -> None:
    job = queued(account)
    leased = account.jobs.lease("anna", job.job_id, Lease("a worker", NOON + LEASE), NOON)
    first, second = Submission("s0", "r0"), Submission("s1", "r1")

    account.jobs.remember_submission(leased, 0, first, NOON)
    account.jobs.remember_submission(leased, 1, second, NOON)

    assert now(account, job).submissions == {0: first, 1: second}


def test_a_submission_of_a_worker_that_lost_its_lease_is_not_remembered(account: Account) -> None:
    job = queued(account)
    leased = account.jobs.lease("anna", job.job_id, Lease("a worker", NOON + LEASE), NOON)
    account.jobs.lease("anna", job.job_id, Lease("another", NOON + 3 * LEASE), NOON + 2 * LEASE)

    with pytest.raises(LeaseLostError):
        account.jobs.remember_submission(leased, 1, Submission("s", "r"), NOON + 2 * LEASE)

    assert now(account, job).submissions == {}


# ---- one pass only -------------------------------------------------------------------------------------------------


@failures
@pytest.mark.parametrize("failing", [0, 1])
def test_the_one_that_came_is_delivered_at_the_price_of_the_tier_that_needs_no_other(
    account_with: WithModel, failure: InferenceError, failing: int
) -> None:
    account = account_with(Model(failure, ramp(50)) if failing == 0 else Model(ramp(50), failure))

    job = account.remove(industry())

    assert job.result
    assert (job.status, job.tier, job.result.tier, job.price) == (JobStatus.COMPLETED, "industry", "professional", 15)
    assert now(account, job) == job
    assert account.balance() == Balance(available=35, held=0)
    assert account.movements() == [("bonus", 50, 0), ("hold", -25, 25), ("capture", 0, -15), ("release", 10, -10)]
    assert np.array_equal(kept_matte(account, job), ramp(50)[:, ::-1] if failing == 0 else ramp(50))
    assert result_key(job) in account.files()


@pytest.mark.parametrize("second", [ramp(0), InferenceRefusedError("No.")], ids=["industry", "professional"])
def test_the_photo_is_refined_as_the_tier_is_that_is_delivered(
    account_with: WithModel, monkeypatch: pytest.MonkeyPatch, second: np.ndarray | Exception
) -> None:
    refinements: list[Refinement] = []

    def noting(photo: Photo, matte: Matte, refinement: Refinement) -> Cutout:
        refinements.append(refinement)
        return compose(photo, matte, refinement)

    monkeypatch.setattr(framing, "compose", noting)

    job = account_with(Model(ramp(0), second)).remove(industry())

    assert job.result
    assert refinements == [TIERS[job.result.tier].refinement]


@failures
def test_our_misconfiguration_is_counted_although_there_is_a_result(
    account_with: WithModel, failure: InferenceError
) -> None:
    account_with(Model(ramp(0), failure)).remove(industry())

    misconfigured = {"HuggingFaceMisconfigured"} if isinstance(failure, InferenceMisconfiguredError) else set()
    assert counted() == {"ImagesDelivered"} | misconfigured


def test_a_repeated_message_changes_nothing_of_a_lesser_delivery(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("unprocessable"))
    account.process(message_for(job))
    before = account.items("JobsTable"), account.items("CreditsTable")

    account.process(message_for(job))

    assert (account.items("JobsTable"), account.items("CreditsTable")) == before
    assert account.balance() == Balance(available=35, held=0)


def test_a_lesser_delivery_whose_answer_got_lost_is_charged_once(account: Account, hub: HuggingFaceStandIn) -> None:
    account.balance()
    hub.play(Fault("unprocessable"))
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "after", AnswerLostError, occurrence=2))
        job = account.remove(industry())

    assert (job.status, job.price) == (JobStatus.COMPLETED, 15)
    assert account.balance() == Balance(available=35, held=0)


def test_in_a_batch_the_share_shrinks_as_the_price_and_the_rest_is_given_back(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    account.ledger.grant("anna", credits.purchase(21 * 25), reference="r", now=NOON)
    created = account.create_batch(*[PHOTO] * 21, tier="industry")
    shares = [job.price for job in created.jobs]
    hub.play(Fault("unprocessable"))

    for job in created.jobs:
        account.process_and_close(message_for(job))

    lesser, *others = account.batches.all_items(created.batch)
    assert lesser.result
    assert (shares[0], lesser.result.tier, lesser.price) == (24, "professional", 14)
    assert [job.price for job in others] == shares[1:]
    batch = batch_now(account, created.batch)
    assert (batch.price, batch.charged, batch.released, batch.held) == (sum(shares), sum(shares) - 10, 10, 0)
    assert account.balance() == Balance(available=50 + 21 * 25 - batch.charged, held=0)


def test_statistics_count_what_was_charged_under_the_tier_that_was_asked_for(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("unprocessable"))
    account.remove(industry())

    counts = account.statistics.of("anna")
    assert (counts.ended, counts.credits, counts.covered) == ({("completed", "industry"): 1}, 15, 0)


def test_what_a_plan_covers_stays_covered(account: Account, hub: HuggingFaceStandIn) -> None:
    account.subscribe("pro")
    hub.play(Fault("unprocessable"))

    job = account.remove(industry())

    assert job.result
    assert (job.result.tier, job.price) == ("professional", 0)
    assert account.subscriptions.usage("anna", NOON.date()) == Usage(1, 1)
    assert account.balance() == Balance(available=50, held=0)


# ---- no foreground -------------------------------------------------------------------------------------------------


def test_where_neither_found_anything_the_job_has_failed(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("empty_matte", times=2))

    account.process(message_for(job))

    failure = now(account, job).failure
    assert failure
    assert failure.code == "unknown_foreground"
    assert account.balance() == Balance(available=50, held=0)
    assert account.sent == []


def test_where_one_of_them_found_nothing_the_other_is_delivered_alone(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("empty_matte"))

    job = account.remove(industry())

    assert job.result
    assert (job.status, job.result.tier, job.price) == (JobStatus.COMPLETED, "professional", 15)
    matte = decode_matte(account.objects.get(matte_key(job)) or b"")
    assert matte.max() == 255  # and not the half of it


# ---- no pass -------------------------------------------------------------------------------------------------------


def test_where_neither_comes_and_the_first_may_come_yet_the_job_waits(account_with: WithModel) -> None:
    account = account_with(Model(InferenceUnavailableError("Cold.", retry_after=42.0), InferenceRefusedError("No.")))

    job = account.remove(industry())

    assert (job.status, [sent.delay for sent in account.sent]) == (JobStatus.QUEUED, [42])
    assert account.balance() == Balance(available=25, held=25)


def test_where_neither_comes_and_the_second_may_come_yet_the_job_waits(account_with: WithModel) -> None:
    account = account_with(Model(InferenceRefusedError("No."), InferenceUnavailableError("Cold.", retry_after=42.0)))

    job = account.remove(industry())

    assert (job.status, [sent.delay for sent in account.sent]) == (JobStatus.QUEUED, [42])


def test_where_both_were_refused_the_job_has_failed(account_with: WithModel) -> None:
    account = account_with(Model(InferenceRefusedError("No."), InferenceRefusedError("Nor this.")))

    job = account.remove(industry())

    assert job.failure
    assert (job.status, job.failure.code) == (JobStatus.FAILED, "inference_refused")
    assert account.balance() == Balance(available=50, held=0)


def test_a_misconfiguration_of_both_is_counted_once(account_with: WithModel) -> None:
    bill = InferenceMisconfiguredError("Pay your bill.", retry_after=60.0)

    account_with(Model(bill, bill)).remove(industry())

    assert counted() == {"HuggingFaceMisconfigured"}
    assert metrics.provider.metric_set["HuggingFaceMisconfigured"]["Value"] == [1.0]
