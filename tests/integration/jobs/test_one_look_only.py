"""Where one of two looks fails, the other is delivered alone, at the price of the tier below."""

from __future__ import annotations

import numpy as np
import pytest

from background_remover.domain import credits
from background_remover.domain.credits import Balance
from background_remover.domain.inference_errors import InferenceError, InferenceRefusedError
from background_remover.domain.jobs import JobStatus
from background_remover.domain.subscriptions import Usage
from background_remover.domain.tiers import TIERS, Refinement
from background_remover.gateways.object_store import result_key
from background_remover.gateways.work_queue import message_for
from imaging import framing
from imaging.cutout import Cutout, compose
from imaging.matte import Matte
from imaging.photo import Photo
from tests.integration.jobs.account import Account, batch_now, now
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.integration.jobs.looks import PHOTO, Model, WithModel, failures, industry, kept_matte, queued, ramp
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


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
