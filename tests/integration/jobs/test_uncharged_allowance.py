"""Photos in which nothing is found cost their sender nothing and us an inference: so many a day, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from moto import mock_aws
from PIL import Image

from background_remover.domain.allowance import Allowance, AllowancePolicy
from background_remover.domain.credit_errors import InsufficientCreditsError, UnchargedAllowanceUsedError
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.jobs import Job, JobStatus, Margin, Options
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import TOKEN, Account, photo, removal
from tests.integration.jobs.aws_account import NOON
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

POLICY = AllowancePolicy(base=4, per_hundred=50)


class FindsNothing:
    """A model to which nothing is subject while `is_blind`."""

    is_blind = True

    def matte(self, shown: Image.Image) -> Image.Image:
        matte = Image.new("L", shown.size, 0)
        if not self.is_blind:
            matte.paste(255, (0, 0, shown.width // 2, shown.height))
        return matte


@pytest.fixture
def model() -> FindsNothing:
    return FindsNothing()


@pytest.fixture
def account(model: FindsNothing) -> Iterator[Account]:
    with (
        HuggingFaceStandIn(TOKEN, model) as hub,
        mock_aws(),
        Account(hub, token=TOKEN, allowance=POLICY) as account,
    ):
        yield account


def asked(account: Account) -> int:
    """How many photos Hugging Face was asked to look at."""
    return sum(request.method == "POST" for request in account.hub.requests)


def farm(account: Account, times: int, *, tier: str = "basic") -> list[Job]:
    """The jobs that photos without a subject come to, until one is refused."""
    jobs = []
    for number in range(times):
        try:
            jobs.append(account.remove(removal(photo(width=32 + number), tier=tier)))
        except UnchargedAllowanceUsedError:
            break
    return jobs


def uncharged(account: Account) -> tuple[int, int]:
    allowance = account.allowance.of("anna", account.clock())
    return allowance.used, allowance.granted


# ---- farming ------------------------------------------------------------------------------------------------


def test_who_sends_nothing_but_photos_without_a_subject_is_stopped_at_the_allowance(account: Account) -> None:
    failed = farm(account, 50, tier="standard")

    assert [job.failure.code for job in failed if job.failure] == ["unknown_foreground"] * 4
    assert asked(account) == 4
    assert account.balance() == Balance(available=50, held=0)


def test_the_refusal_holds_nothing_and_says_until_when(account: Account) -> None:
    farm(account, 50)
    before = account.items("JobsTable"), account.movements()

    with pytest.raises(UnchargedAllowanceUsedError, match=r"before 2026-05-05 00:00 UTC") as refusal:
        account.remove(removal())

    assert refusal.value.retry_after == timedelta(hours=12).total_seconds()
    assert (account.items("JobsTable"), account.movements()) == before


def test_on_the_next_day_there_is_a_new_allowance(account: Account) -> None:
    farm(account, 50)
    account.clock.advance(timedelta(hours=12))

    assert uncharged(account) == (0, 4)
    assert len(farm(account, 50)) == 4


def test_a_photo_that_takes_two_looks_uses_two(account: Account) -> None:
    assert len(farm(account, 50, tier="industry")) == 2
    assert asked(account) == 4


def test_a_photo_that_hugging_face_refuses_counts(account: Account) -> None:
    account.hub.play(Fault("unprocessable"))

    job = account.remove(removal())

    assert job.failure
    assert job.failure.code == "inference_refused"
    assert uncharged(account) == (1, 4)


def test_a_photo_that_turns_out_to_be_too_large_after_its_look_counts(account: Account, model: FindsNothing) -> None:
    model.is_blind = False
    wide = removal(photo(width=16_400, height=4), options=Options(format="webp", crop=Margin(99_999)))

    job = account.remove(wide)

    assert job.failure
    assert job.failure.code == "too_many_pixels"
    assert uncharged(account) == (1, 4)


@pytest.mark.parametrize("fault", [Fault("truncated_matte", times=9), Fault("cold_start")])
def test_what_hugging_face_is_to_blame_for_does_not_count(account: Account, fault: Fault) -> None:
    account.hub.play(fault)

    account.remove(removal())

    assert uncharged(account) == (0, 4)


def test_who_is_charged_for_photos_may_have_more_that_are_not(account: Account, model: FindsNothing) -> None:
    model.is_blind = False
    assert [job.status for job in farm(account, 6)] == [JobStatus.COMPLETED] * 6
    model.is_blind = True

    assert len(farm(account, 50)) == 4 + 3
    assert uncharged(account) == (7, 7)


def test_what_a_plan_covers_is_charged(account: Account, model: FindsNothing) -> None:
    account.subscribe("starter")
    model.is_blind = False

    farm(account, 2)

    assert uncharged(account) == (0, 5)


# ---- other ways ---------------------------------------------------------------------------------------------


def test_uploads_and_batches_are_refused_like_removals(account: Account) -> None:
    farm(account, 50)

    for ask in (account.create_upload, lambda: account.create_batch(None), lambda: account.create_batch(photo())):
        with pytest.raises(UnchargedAllowanceUsedError):
            ask()


def test_a_batch_that_waits_fails_beyond_the_allowance_without_another_look_and_gives_its_credits_back(
    account: Account,
) -> None:
    account.ledger.grant("anna", purchase(100), reference="r", now=NOON)
    made = account.create_batch(*[photo(width=32 + number) for number in range(10)])

    for job in made.jobs:
        account.process_and_close(message_for(job))

    failures = [account.jobs.get("anna", job.job_id).failure for job in made.jobs]
    codes = [failure.code for failure in failures if failure]
    assert codes == ["unknown_foreground"] * 4 + ["uncharged_allowance_used"] * 6
    assert asked(account) == 4
    assert account.balance() == Balance(available=150, held=0)


def test_a_file_in_the_dropbox_fails_without_a_look(account: Account) -> None:
    account.balance()
    farm(account, 50)
    account.receive(account.written("dropbox/anna/basic/photo.png", photo()))
    ((message, _),) = [(sent.message, sent.delay) for sent in account.sent]

    job = account.process(message)

    assert job
    assert job.failure
    assert job.failure.code == "uncharged_allowance_used"
    assert asked(account) == 4


def test_what_is_cancelled_after_it_was_submitted_counts(account: Account) -> None:
    account.hub.play(Fault("server_error", on="poll", times=1000))
    job = account.remove(removal(tier="standard"))
    assert job.status is JobStatus.QUEUED
    assert account.jobs.get("anna", job.job_id).submitted == 1

    account.erase(job)

    assert uncharged(account) == (1, 4)
    assert account.balance() == Balance(available=50, held=0)


def test_what_is_cancelled_before_anybody_looked_at_it_does_not_count(account: Account) -> None:
    account.erase(account.remove(removal(respond_async=True)))
    account.cancel_batch(account.create_batch(photo(), photo(width=33)).batch.batch_id)

    assert uncharged(account) == (0, 4)
    assert asked(account) == 0


def test_a_job_whose_look_is_paid_for_already_goes_on(account: Account, model: FindsNothing) -> None:
    model.is_blind = False
    account.hub.play(Fault("server_error", on="poll", times=1000))
    job = account.remove(removal(tier="standard"))
    account.hub.reset()
    model.is_blind = True
    farm(account, 50)

    processed = account.process(message_for(job))

    assert processed
    assert processed.failure is None


def test_a_repeat_of_a_request_gets_its_job_although_the_allowance_is_used(account: Account) -> None:
    first = account.remove(removal(key="a key"))
    farm(account, 50)

    assert account.remove(removal(key="a key")).job_id == first.job_id
    with pytest.raises(UnchargedAllowanceUsedError):
        account.remove(removal(key="another key"))


def test_many_at_once_go_beyond_it_by_no_more_than_the_credits_hold(account: Account) -> None:
    """Whoever is let through holds the price of a photo until it has ended and is counted."""

    def send(number: int) -> str:
        for _ in range(1000):  # As long as the others hold all credits.
            try:
                job = account.remove(removal(photo(width=32 + number), tier="professional"))
            except InsufficientCreditsError:
                continue
            except UnchargedAllowanceUsedError as error:
                return error.code
            return job.failure.code if job.failure else job.status
        return "insufficient_credits"

    with ThreadPoolExecutor(8) as threads:
        outcomes = set(threads.map(send, range(24)))

    at_once = 50 // 15
    assert POLICY.base <= asked(account) <= POLICY.base + at_once - 1
    assert send(24) == "uncharged_allowance_used"
    assert outcomes == {"unknown_foreground", "uncharged_allowance_used"}
    assert account.balance() == Balance(available=50, held=0)


def test_the_allowance_can_be_looked_at(account: Account) -> None:
    farm(account, 1)

    assert account.allowance.of("anna", account.clock()) == Allowance(
        granted=4, used=1, resets_at=NOON + timedelta(hours=12)
    )
