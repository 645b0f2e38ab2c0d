from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from background_remover.domain import credits
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.jobs import Job, JobStatus
from background_remover.domain.request_errors import MalformedCursorError
from background_remover.gateways.dynamodb import to_item, write_all
from background_remover.gateways.idempotency import IdempotencyKey
from background_remover.gateways.job_item import to_values
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.test_job_store import job
from tests.stores import stores


@pytest.fixture
def history(account: Account) -> list[Job]:
    """Seven of anna's jobs, newest first, among ben's; every second one is cancelled."""
    account.ledger.grant("anna", credits.bonus(100), reference="enough", now=NOON)
    jobs = []
    for number in range(7):
        account.intake.submit(job(number, user_id="ben", tier="basic"), None, NOON)
        queued = account.intake.submit(job(number, tier="basic" if number < 4 else "standard"), None, NOON)
        jobs.append(account.jobs.cancel(queued, NOON) if number % 2 else queued)
    return jobs[::-1]


def pages(account: Account, *, limit: int, status: JobStatus | None = None, tier: str | None = None) -> list[list[Job]]:
    found = []
    cursor = None
    while True:
        page, cursor = account.jobs.page("anna", limit=limit, cursor=cursor, status=status, tier=tier)
        found.append(page)
        if cursor is None:
            return found


def test_pages_run_from_newest_to_oldest_without_loss_or_repetition(account: Account, history: list[Job]) -> None:
    assert pages(account, limit=3) == [history[:3], history[3:6], history[6:]]


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_all_pages_together_are_the_users_jobs_whatever_their_size(
    account: Account, history: list[Job], limit: int
) -> None:
    assert [job for page in pages(account, limit=limit) for job in page] == history


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.CANCELLED, JobStatus.COMPLETED])
@pytest.mark.parametrize("tier", [None, "basic", "industry"])
def test_filters_choose_by_status_and_tier(
    account: Account, history: list[Job], status: JobStatus, tier: str | None
) -> None:
    found = [job for page in pages(account, limit=2, status=status, tier=tier) for job in page]

    assert found == [job for job in history if job.status is status and tier in (None, job.tier)]


def test_a_filtered_page_is_filled_though_other_jobs_lie_between(account: Account, history: list[Job]) -> None:
    page, _ = account.jobs.page("anna", limit=2, cursor=None, status=JobStatus.CANCELLED, tier=None)

    assert page == [job for job in history if job.status is JobStatus.CANCELLED][:2]


def test_idempotency_records_are_no_jobs(account: Account) -> None:
    account.intake.submit(job(), IdempotencyKey("a key", "a body"), NOON)

    assert pages(account, limit=10) == [[job()]]


def test_a_user_without_jobs_has_one_empty_page(account: Account) -> None:
    assert pages(account, limit=10) == [[]]


def test_an_id_longer_than_dynamodbs_keys_is_not_found_without_asking() -> None:
    """DynamoDB would call it a mistake of ours."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    with Stubber(client), pytest.raises(JobNotFoundError):
        stores(client, signup_credits=0).jobs.get("anna", "0" * 1024)


@pytest.mark.parametrize("user_id", ["anna", "ben"])
def test_a_job_is_found_by_its_owner_only(account: Account, user_id: str) -> None:
    account.intake.submit(job(user_id=user_id), None, NOON)
    stranger = "ben" if user_id == "anna" else "anna"

    assert account.jobs.get(user_id, job().job_id).user_id == user_id
    with pytest.raises(JobNotFoundError):
        account.jobs.get(stranger, job().job_id)


def test_a_forgotten_job_is_gone_and_its_ledger_stays(account: Account) -> None:
    cancelled = account.jobs.cancel(account.intake.submit(job(), None, NOON), NOON + timedelta(seconds=1))

    account.jobs.forget(cancelled)

    with pytest.raises(JobNotFoundError):
        account.jobs.get("anna", cancelled.job_id)
    assert [kind for kind, *_ in account.movements()] == ["bonus", "hold", "release"]


def test_the_cursor_of_the_ledger_is_refused(account: Account, history: list[Job]) -> None:
    assert history
    cursor = account.ledger.entries("anna", limit=1, cursor=None)[1]

    with pytest.raises(MalformedCursorError):
        account.jobs.page("anna", limit=10, cursor=cursor, status=None, tier=None)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text())
def test_any_text_as_a_cursor_is_either_followed_or_refused(account: Account, cursor: str) -> None:
    try:
        page, _ = account.jobs.page("anna", limit=10, cursor=cursor, status=None, tier=None)
    except MalformedCursorError:
        return
    assert page == []


def test_a_thousand_jobs_are_listed_without_loss_or_repetition_while_new_ones_arrive(account: Account) -> None:
    first = [job(number) for number in range(1000)]
    write_all(account.dynamodb, "JobsTable", [{"PutRequest": {"Item": to_item(to_values(each))}} for each in first])
    seen: list[str] = []
    cursor, newer = None, 1000
    while True:
        page, cursor = account.jobs.page("anna", limit=90, cursor=cursor, status=None, tier=None)
        seen += [each.job_id for each in page]
        if cursor is None:
            break
        for _ in range(3):
            late = job(newer)
            write_all(account.dynamodb, "JobsTable", [{"PutRequest": {"Item": to_item(to_values(late))}}])
            newer += 1

    assert seen == [each.job_id for each in reversed(first)]
