from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.jobs import Job, JobStatus
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import Account, now, photo, removal


def only_job(account: Account, user_id: str = "anna") -> Job:
    (job,), _ = account.jobs.page(user_id, limit=10, cursor=None, status=None, tier=None)
    return job


def test_an_upload_holds_its_price_before_its_bytes_are_there(account: Account) -> None:
    job = account.create_upload()

    assert job.status is JobStatus.AWAITING_UPLOAD
    assert account.balance() == Balance(available=47, held=3)


def test_the_arrival_of_a_photo_puts_its_job_in_line(account: Account) -> None:
    job = account.create_upload()

    account.receive(account.written(input_key(job), photo()))

    assert now(account, job).status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_the_same_event_ten_times_changes_nothing(account: Account) -> None:
    job = account.create_upload()
    arrived = account.written(input_key(job), photo())
    account.receive(arrived)
    account.process(message_for(job))
    before = account.items("JobsTable"), account.items("CreditsTable"), account.files()
    account.sent.clear()

    for _ in range(10):
        account.receive(arrived)

    assert (account.items("JobsTable"), account.items("CreditsTable"), account.files()) == before
    assert account.sent == []


def test_a_photo_that_is_too_large_fails_its_job_and_leaves_nothing_behind(account: Account) -> None:
    job = account.create_upload()
    arrived = replace(account.written(input_key(job), photo()), size=10_000_001)

    account.receive(arrived)

    failure = now(account, job).failure
    assert failure
    assert failure.code == "image_too_large"
    assert account.files() == []
    assert account.balance() == Balance(available=50, held=0)


def test_a_photo_that_comes_after_its_job_was_erased_is_deleted(account: Account) -> None:
    job = account.create_upload()
    account.erase(job)

    account.receive(account.written(input_key(job), photo()))

    assert account.files() == []


def test_a_photo_that_comes_after_its_job_expired_is_deleted(account: Account) -> None:
    job = account.create_upload()
    account.clock.advance(timedelta(minutes=17))
    account.reconcile().sweep()

    account.receive(account.written(input_key(job), photo()))

    assert now(account, job).status is JobStatus.EXPIRED
    assert account.files() == []
    assert account.balance() == Balance(available=50, held=0)


def test_a_dropped_file_becomes_one_job_however_often_its_event_comes(account: Account) -> None:
    account.balance()
    dropped = account.written("dropbox/anna/standard/a photo.png", photo())

    for _ in range(10):
        account.receive(dropped)
    account.process(account.sent[0].message)

    job = only_job(account)
    assert (job.status, job.tier, job.price, job.source.file_name) == (
        *(JobStatus.COMPLETED, "standard", 8),
        "a photo.png",
    )
    assert account.movements() == [("bonus", 50, 0), ("hold", -8, 8), ("capture", 0, -8)]
    assert not [key for key in account.files() if key.startswith("dropbox/")]


@pytest.mark.parametrize(
    ("user_id", "tier", "size", "code"),
    [
        ("nobody", "basic", None, "unknown_user"),
        ("anna", "gold", None, "unknown_tier"),
        ("anna", "basic", 10_000_001, "image_too_large"),
        ("anna", "basic", 0, "empty_image"),
        ("anna", "industry", None, "insufficient_credits"),
    ],
)
def test_a_dropped_file_that_cannot_be_taken_is_a_failed_job_that_says_so(
    account: Account, user_id: str, tier: str, size: int | None, code: str
) -> None:
    account.balance()
    account.remove(removal(tier="industry", respond_async=True))
    account.remove(removal(tier="professional", respond_async=True))
    before, files = account.balance(), account.files()
    dropped = account.written(f"dropbox/{user_id}/{tier}/a.png", photo())

    account.receive(replace(dropped, size=dropped.size if size is None else size))

    failures = [job.failure.code for job in history(account, user_id) if job.failure]
    assert failures == [code]
    assert account.files() == files
    assert account.balance() == before


def history(account: Account, user_id: str) -> list[Job]:
    return account.jobs.page(user_id, limit=10, cursor=None, status=None, tier=None)[0]


def test_of_a_file_that_was_overwritten_only_the_later_write_is_cut_out(account: Account) -> None:
    account.balance()
    earlier = account.written("dropbox/anna/basic/a.png", photo())
    later = account.written("dropbox/anna/basic/a.png", photo("coral"))

    account.receive(later)
    account.receive(earlier)

    jobs = history(account, "anna")
    assert sorted(job.failure.code if job.failure else job.status for job in jobs) == ["photo_replaced", "queued"]
    assert account.balance() == Balance(available=47, held=3)


def test_a_file_that_belongs_to_nobody_is_ignored(account: Account) -> None:
    account.receive(account.written("dropbox/a.png", photo()))

    assert account.items("JobsTable") == []
