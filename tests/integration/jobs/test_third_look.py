"""The tier whose photo is looked at twice at once, the second time mirrored, and a third time where these two looks
contradict each other; one is enough for a result."""

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
from background_remover.gateways.hugging_face.routes import ModelRoute
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import matte_key, result_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import metrics
from background_remover.use_cases.process_job import ProcessJob
from imaging import framing
from imaging.cutout import Cutout, compose
from imaging.looks import looks_at
from imaging.matte import Matte, decode_matte
from imaging.photo import Photo, inference_copy
from tests.integration.jobs.account import LEASE, NOON, SECONDS, TOKEN, Account, batch_now, now, removal
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions
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
    """In place of Hugging Face: what it answers to the photo as it is, to its mirror image and to a copy with a border.

    `together`: neither of the first two answers before both have been asked. `border`: what is configured for it.
    """

    def __init__(self, *answers: np.ndarray | Exception, together: bool = False, border: float = 0.0) -> None:
        self.answers = answers
        self.border = border
        self.asked: list[np.ndarray] = []
        self.meet = Barrier(2).wait if together else lambda *_: None

    def route(self, _: object) -> ModelRoute:
        return ModelRoute("https://hugging.face", "endpoint", border=self.border)

    def infer(self, _: object, photo: Any, read: Callable[[bytes], Any], **__: object) -> Any:
        seen = np.asarray(Image.open(io.BytesIO(photo.content)).convert("RGB"))
        self.asked.append(seen)
        self.meet(10)
        answer = self.answers[self.look(seen)]
        if isinstance(answer, Exception):
            raise answer
        margins = ((seen.shape[0] - answer.shape[0]) // 2,) * 2, ((seen.shape[1] - answer.shape[1]) // 2,) * 2
        return read(images.file_of(Image.fromarray(np.pad(answer, margins)), "PNG"))

    def look(self, seen: np.ndarray) -> int:
        straight, mirrored, wider = looks_at(self.border)
        for number, look in enumerate((straight, mirrored, wider)):
            shown = np.asarray(Image.open(io.BytesIO(look.of(inference_copy(PHOTO)).content)))
            if shown.shape == seen.shape and is_like(shown, seen):
                return number
        raise AssertionError(f"a photo of {seen.shape} is none of the looks")


def is_like(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(abs(one.astype(int) - other).mean() < 10)


def ramp(start: int) -> np.ndarray:
    """A matte of the photo's size, each column of another alpha."""
    return np.tile(np.arange(start, start + 64, dtype=np.uint8), (48, 1))


@pytest.fixture
def account_with(hub: HuggingFaceStandIn) -> Iterator[Callable[[Model], Account]]:
    with mock_aws(), Account(hub, token=TOKEN) as account:

        def having(model: Model) -> Account:
            account.hugging_face = cast("HuggingFace", model)
            return account

        yield having
    metrics.clear_metrics()


@pytest.fixture
def one_sided_account(one_sided_hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(one_sided_hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()


WithModel = Callable[[Model], Account]


def kept_matte(account: Account, job: Job) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(account.objects.get(matte_key(job)) or b"")))


def industry(content: bytes = PHOTO, **asked: Any) -> Any:
    return removal(content, tier="industry", **asked)


def queued(account: Account) -> Job:
    job = account.remove(industry(respond_async=True))
    account.sent.clear()
    return job


# ---- both looks --------------------------------------------------------------------------------------------------


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

    straight, turned = model.asked if is_like(model.asked[0], images.gradient()) else model.asked[::-1]
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

    process(one_by_one(account), job)

    done = now(account, job)
    assert done.result
    assert (done.status, done.result.tier) == (JobStatus.COMPLETED, "industry")


def one_by_one(account: Account) -> ProcessJob:
    process_job = account.process_job()
    find_foreground = replace(process_job.cut_out.find_foreground, inferences=Semaphore(1))
    return replace(process_job, cut_out=replace(process_job.cut_out, find_foreground=find_foreground))


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


def test_only_the_look_that_was_not_taken_is_submitted_again(account: Account, hub: HuggingFaceStandIn) -> None:
    job = queued(account)
    hub.play(Fault("cold_start", on="submit"), Fault("cold_start", on="result"))
    account.process(message_for(job))
    waiting = now(account, job)
    hub.forget_requests()

    account.process(message_for(job))

    assert (waiting.status, len(waiting.submissions)) == (JobStatus.QUEUED, 1)
    assert submits(hub) == 1
    assert now(account, job).status is JobStatus.COMPLETED


def test_the_submissions_of_two_looks_do_not_overwrite_each_other(account: Account) -> None:
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


# ---- a third look ----------------------------------------------------------------------------------------------------


def half(*, left: int, right: int) -> np.ndarray:
    """A matte of the photo's size with one alpha for its left half and another for its right."""
    return np.hstack((np.full((48, 32), left, np.uint8), np.full((48, 32), right, np.uint8)))


# As the model answers: the second to the mirror image. Turned back it contradicts the first.
LEFT, MIRRORED_RIGHT = half(left=250, right=0), half(left=240, right=0)
RIGHT = MIRRORED_RIGHT[:, ::-1]


def test_where_two_looks_contradict_each_other_the_median_with_a_third_one_is_kept(account_with: WithModel) -> None:
    account = account_with(Model(LEFT, MIRRORED_RIGHT, half(left=200, right=10)))

    job = account.remove(industry())

    assert job.result
    assert (job.result.tier, job.result.looks, job.price) == ("industry", 3, 25)
    assert now(account, job) == job
    assert np.array_equal(kept_matte(account, job), half(left=200, right=10))
    assert account.balance() == Balance(available=25, held=0)


def test_the_third_look_is_at_a_copy_with_a_border(account_with: WithModel) -> None:
    model = Model(LEFT, MIRRORED_RIGHT, LEFT)

    account_with(model).remove(industry())

    assert [model.look(seen) for seen in model.asked][2:] == [2]


def test_two_looks_that_agree_are_enough(account_with: WithModel) -> None:
    model = Model(LEFT, LEFT[:, ::-1], AssertionError("nobody needs it"))

    job = account_with(model).remove(industry())

    assert job.result
    assert (job.result.looks, len(model.asked)) == (2, 2)


def test_one_permit_is_enough_for_three_looks(account_with: WithModel) -> None:
    account = account_with(Model(LEFT, MIRRORED_RIGHT, LEFT))
    job = queued(account)

    process(one_by_one(account), job)

    done = now(account, job)
    assert done.result
    assert (done.status, done.result.looks) == (JobStatus.COMPLETED, 3)


@failures
@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (LEFT, MIRRORED_RIGHT // 2, LEFT),
        (LEFT // 2, MIRRORED_RIGHT, RIGHT),
    ],
    ids=["first", "second"],
)
def test_where_the_third_look_fails_the_better_of_two_is_delivered_and_never_their_mean(
    account_with: WithModel, failure: InferenceError, first: np.ndarray, second: np.ndarray, kept: np.ndarray
) -> None:
    account = account_with(Model(first, second, failure))

    job = account.remove(industry())

    assert job.result
    assert (job.status, job.result.tier, job.result.looks, job.price) == (JobStatus.COMPLETED, "professional", 2, 15)
    assert np.array_equal(kept_matte(account, job), kept)
    assert account.movements()[1:] == [("hold", -25, 25), ("capture", 0, -15), ("release", 10, -10)]


def test_a_third_look_that_found_nothing_counts_as_one_that_failed(account_with: WithModel) -> None:
    account = account_with(Model(LEFT, MIRRORED_RIGHT // 2, half(left=0, right=0)))

    job = account.remove(industry())

    assert job.result
    assert (job.result.tier, job.result.looks) == ("professional", 2)
    assert np.array_equal(kept_matte(account, job), LEFT)


@pytest.mark.parametrize(("left_after_two", "looks"), [(12.0, 3), (10.0, 3), (9.0, 2)])
def test_there_is_no_third_look_where_less_time_is_left_than_the_first_two_took(
    account_with: WithModel, left_after_two: float, looks: int
) -> None:
    model = Model(LEFT, MIRRORED_RIGHT, LEFT)
    account = account_with(model)
    job = queued(account)

    account.process_job()(
        message_for(job),
        time_left=lambda: left_after_two if len(model.asked) >= 2 else left_after_two + 10,
        lease_for=LEASE,
    )

    done = now(account, job)
    assert done.result
    assert (done.result.looks, len(model.asked)) == (looks, looks)
    assert done.result.tier == ("industry" if looks == 3 else "professional")


def test_a_third_look_that_was_submitted_is_polled_again_even_in_little_time(one_sided_account: Account) -> None:
    account = one_sided_account
    job = queued(account)
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", CrashError))
        with pytest.raises(CrashError):
            account.process(message_for(job))
    waiting = now(account, job)
    account.clock.advance(2 * LEASE)
    seconds = iter([100.0, 100.0, 100.0])

    account.process_job()(message_for(job), time_left=lambda: next(seconds, 1.0), lease_for=LEASE)

    assert set(waiting.submissions) == {0, 1, 2}
    done = now(account, job)
    assert done.result
    assert (done.result.tier, done.result.looks, submits(account.hub)) == ("industry", 3, 3)


def test_a_contradiction_leaves_no_ghost(one_sided_account: Account) -> None:
    job = one_sided_account.remove(industry())

    matte = kept_matte(one_sided_account, job)
    assert set(np.unique(matte)) == {0, 255}


def test_a_tier_with_one_look_never_takes_another(one_sided_account: Account) -> None:
    job = one_sided_account.remove(removal(tier="professional"))

    assert job.result
    assert (job.result.looks, submits(one_sided_account.hub)) == (1, 1)


# ---- the border that a model is given --------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["basic", "industry"])
def test_every_look_has_the_border_that_is_configured_for_the_model(account_with: WithModel, tier: str) -> None:
    model = Model(LEFT, MIRRORED_RIGHT, LEFT, border=0.25)

    job = account_with(model).remove(removal(PHOTO, tier=tier))

    assert job.result
    widths = sorted(seen.shape[1] for seen in model.asked)
    assert widths == [64 + 2 * 16] * TIERS[tier].looks + ([64 + 2 * 24] if tier == "industry" else [])


def test_the_matte_that_is_kept_has_no_border(account_with: WithModel) -> None:
    account = account_with(Model(LEFT, border=0.25))

    job = account.remove(removal(PHOTO, tier="basic"))

    assert np.array_equal(kept_matte(account, job), LEFT)


# ---- one look only -------------------------------------------------------------------------------------------------


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


# ---- no look -------------------------------------------------------------------------------------------------------


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
