"""The tier whose photo is looked at twice at once, the second time mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.inference_errors import InferenceRefusedError, InferenceUnavailableError
from background_remover.domain.jobs import JobStatus, Lease, Submission
from background_remover.domain.tiers import TIERS
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import matte_key
from background_remover.gateways.work_queue import message_for
from imaging.matte import decode_matte
from tests.integration.jobs.account import LEASE, Account, now, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.looks import (
    LEFT,
    MIRRORED_RIGHT,
    PHOTO,
    Model,
    WithModel,
    industry,
    is_like,
    kept_matte,
    one_by_one,
    process,
    queued,
    ramp,
    submits,
)
from tests.stack.hugging_face import Fault, HuggingFaceStandIn
from tests.unit.imaging import images


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
