from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.jobs import JobStatus
from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.gateways.dynamodb import TransactionRefusedError
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.test_job_store import KEY, MINUTE, job, submitted


def test_the_same_key_and_body_get_the_same_job_and_hold_once(account: Account) -> None:
    first = account.intake.submit(job(1), KEY, NOON)

    assert account.intake.submit(job(2), KEY, NOON + MINUTE) == first
    assert account.balance() == Balance(available=42, held=8)
    assert len(account.jobs.page("anna", limit=10, cursor=None, status=None, tier=None)[0]) == 1


def test_a_repeat_gets_the_job_as_it_is_now(account: Account) -> None:
    first = account.intake.submit(job(1), KEY, NOON)
    account.jobs.cancel(first, NOON)

    assert account.intake.submit(job(2), KEY, NOON + MINUTE).status is JobStatus.CANCELLED


def test_a_repeat_gets_its_job_though_the_balance_would_not_pay_for_another(account: Account) -> None:
    first = account.intake.submit(job(1, tier="industry"), KEY, NOON)
    submitted(account, job(2, tier="industry"))

    assert account.intake.submit(job(3, tier="industry"), KEY, NOON) == first


def test_the_same_key_with_another_body_is_refused_and_holds_nothing(account: Account) -> None:
    account.intake.submit(job(1), KEY, NOON)

    with pytest.raises(IdempotencyKeyReusedError):
        account.intake.submit(job(2), replace(KEY, fingerprint="another body"), NOON + MINUTE)

    assert account.balance() == Balance(available=42, held=8)


def test_a_key_counts_for_a_day(account: Account) -> None:
    first = account.intake.submit(job(1), KEY, NOON)

    assert account.intake.submit(job(2), KEY, NOON + timedelta(hours=23, minutes=59)) == first


def test_an_expired_key_does_not_count_though_dynamodb_has_not_deleted_it_yet(account: Account) -> None:
    account.intake.submit(job(1), KEY, NOON)

    later = account.intake.submit(job(2), KEY, NOON + timedelta(hours=24, seconds=1))

    assert later.job_id == job(2).job_id
    assert account.balance() == Balance(available=34, held=16)


def test_a_key_that_was_used_anew_belongs_to_the_new_job(account: Account) -> None:
    account.intake.submit(job(1), KEY, NOON)
    second = account.intake.submit(job(2), KEY, NOON + timedelta(hours=25))

    assert account.intake.submit(job(3), KEY, NOON + timedelta(hours=26)) == second


def test_the_key_of_one_user_is_nothing_to_another(account: Account) -> None:
    account.intake.submit(job(1), KEY, NOON)

    bens = account.intake.submit(job(2, user_id="ben"), replace(KEY, fingerprint="another body"), NOON)

    assert bens.user_id == "ben"
    assert account.balance("ben") == Balance(available=42, held=8)


def test_the_key_of_a_job_that_was_deleted_does_not_make_another(account: Account) -> None:
    first = account.intake.submit(job(1), KEY, NOON)
    account.jobs.forget(account.jobs.cancel(first, NOON))

    with pytest.raises(JobNotFoundError):
        account.intake.submit(job(2), KEY, NOON)


def test_a_job_whose_id_is_taken_holds_nothing(account: Account) -> None:
    submitted(account)

    with pytest.raises(TransactionRefusedError):
        account.intake.submit(job(), None, NOON + MINUTE)

    assert account.balance() == Balance(available=42, held=8)
