"""Where a photo that came before is looked at again: its matte is of no use, or not wanted, or gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.jobs import JobStatus
from background_remover.domain.tiers import Model
from background_remover.gateways.known_matte import PREFIX
from background_remover.gateways.work_queue import message_for
from background_remover.use_cases.remove_image import Removal
from tests.integration.jobs.account import INPUT_RETENTION, Account, now, photo
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import CrashError, Interruption, Interruptions
from tests.integration.jobs.test_known_mattes import SECOND, Way, known_mattes, request, send
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


@pytest.mark.parametrize(
    "other",
    [request(user_id="ben"), request(tier="standard"), request(photo("red"))],
    ids=["of another user", "in another tier", "of another photo"],
)
def test_a_matte_is_nothing_to_a_request(account: Account, other: Removal) -> None:
    account.remove(request())

    assert account.remove(other).matte_of is None


@pytest.mark.parametrize("way", ["inline", "async", "upload", "inline batch", "uploaded batch"])
def test_no_cache_asks_for_a_new_inference_at_its_price_which_is_known_from_then_on(
    account: Account, hub: HuggingFaceStandIn, way: Way
) -> None:
    account.remove(request())
    hub.forget_requests()
    account.clock.advance(SECOND)

    anew = send(account, way, photo(), anew=True)

    assert (anew.price, anew.matte_of) == (3, None)
    assert len(hub.requests) == 1
    assert account.balance() == Balance(available=44, held=0)
    assert account.remove(request()).matte_of == anew.job_id


def test_who_asked_for_a_new_inference_gets_it_from_the_worker_too(account: Account, hub: HuggingFaceStandIn) -> None:
    account.remove(request())
    hub.play(Fault("cold_start"))
    account.clock.advance(SECOND)
    queued = account.remove(request(anew=True))

    account.process(message_for(queued))

    assert (now(account, queued).status, now(account, queued).price) == (JobStatus.COMPLETED, 3)


def test_a_job_that_was_submitted_waits_for_what_is_paid_for(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("html_200", on="poll", times=9999))
    queued = account.remove(request(tier="standard"))
    assert now(account, queued).submissions
    hub.reset()
    account.remove(request(tier="standard"))

    done = account.process(message_for(queued))

    assert done
    assert (done.matte_of, done.price) == (None, 8)


def test_an_erased_job_is_not_known_any_more(account: Account) -> None:
    first = account.remove(request())
    account.erase(first)

    assert known_mattes(account) == []
    assert account.remove(request()).price == 3


def test_erasing_a_job_leaves_what_a_later_one_is_known_by(account: Account) -> None:
    first = account.remove(request())
    account.clock.advance(SECOND)
    second = account.remove(request(anew=True))
    account.erase(first)

    assert account.remove(request()).matte_of == second.job_id


def test_a_job_that_is_half_erased_is_no_hit(account: Account) -> None:
    first = account.remove(request())
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("DeleteObjects", "after", CrashError))
        with pytest.raises(CrashError):
            account.erase(first)

    assert account.remove(request()).price == 3


def test_a_job_whose_record_is_gone_is_no_hit(account: Account) -> None:
    first = account.remove(request())
    account.dynamodb.delete_item(TableName="JobsTable", Key={"pk": {"S": "anna"}, "sk": {"S": f"job#{first.job_id}"}})

    assert account.remove(request()).price == 3


def test_a_matte_is_known_as_long_as_it_is_kept(account: Account) -> None:
    account.remove(request())
    account.clock.advance(INPUT_RETENTION - SECOND)
    again = account.remove(request())
    account.clock.advance(SECOND)

    assert (again.price, account.remove(request()).price) == (0, 3)


def test_what_is_known_is_deleted_when_the_matte_is(account: Account) -> None:
    account.remove(request())

    (item,) = [item for item in account.items("JobsTable") if item["sk"]["S"].startswith(PREFIX)]
    assert int(item["retireAt"]["N"]) == int((NOON + INPUT_RETENTION).timestamp())


def test_another_model_makes_another_matte(account: Account) -> None:
    account.remove(request())
    route = account.hugging_face.route(Model.RMBG_1_4)
    account.hugging_face._routes = {Model.RMBG_1_4: replace(route, border=0.1)}  # a deployment with another parameter

    assert account.remove(request()).price == 3
    assert account.remove(request()).price == 0


def test_what_was_delivered_as_a_lesser_tier_is_not_known_as_the_full_one(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("fal_failed"))
    lesser = account.remove(request(tier="industry"))
    assert lesser.result
    assert lesser.result.tier == "professional"

    assert known_mattes(account) == []


def test_a_photo_that_failed_is_not_known(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("empty_matte"))
    account.remove(request())

    assert known_mattes(account) == []
