"""A third look, where the first two contradict each other."""

from __future__ import annotations

import numpy as np
import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.inference_errors import InferenceError
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import LEASE, Account, now, removal
from tests.integration.jobs.interruptions import CrashError, Interruption, Interruptions
from tests.integration.jobs.looks import (
    LEFT,
    MIRRORED_RIGHT,
    RIGHT,
    Model,
    WithModel,
    failures,
    half,
    industry,
    kept_matte,
    one_by_one,
    process,
    queued,
    submits,
)


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
