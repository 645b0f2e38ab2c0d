"""What moves while the audit reads is no difference; what stays wrong is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from background_remover.domain.credits import purchase
from background_remover.gateways.work_queue import message_for
from background_remover.use_cases.audit_findings import MOST_LOOKS
from tests.integration.audit.auditing import audit, spoil
from tests.integration.jobs.account import Account, photo, removal


@contextmanager
def before_each(account: Account, operation: str, act: Callable[[], object]) -> Iterator[None]:
    """What somebody else does before each of the audit's calls, and not before their own."""
    acting = False

    def do(**_: Any) -> None:
        nonlocal acting
        if not acting:
            acting = True
            act()
            acting = False

    account.dynamodb.meta.events.register(f"before-call.dynamodb.{operation}", do)
    try:
        yield
    finally:
        account.dynamodb.meta.events.unregister(f"before-call.dynamodb.{operation}", do)


def in_turn(*acts: Callable[[], object]) -> Callable[[], None]:
    """One of them each time, then nothing."""
    left = iter(acts)

    def act() -> None:
        if following := next(left, None):
            following()

    return act


@pytest.mark.parametrize("operation", ["Scan", "GetItem", "Query"])
@pytest.mark.parametrize("page_size", [2, 500])
def test_jobs_that_come_and_end_before_any_call_are_no_difference(
    account: Account, operation: str, page_size: int
) -> None:
    account.ledger.grant("anna", purchase(500), reference="invoice-1", now=account.clock())
    jobs = [account.remove(removal(respond_async=True)) for _ in range(4)]
    batch = account.create_batch(photo(), photo(), None)
    acts = in_turn(
        *(lambda job=job: account.process(message_for(job)) for job in jobs[:3]),
        lambda: account.remove(removal(respond_async=True)),
        lambda: account.process_and_close(message_for(batch.jobs[0])),
        lambda: account.erase(jobs[3]),
        lambda: account.create_batch(photo()),
        lambda: account.erase(account.create_upload()),
        lambda: account.cancel_batch(batch.batch.batch_id),
        lambda: account.ledger.grant("anna", purchase(5), reference="invoice-2", now=account.clock()),
    )

    with before_each(account, operation, acts):
        outcome = audit(account, page_size=page_size)

    assert outcome.found == []


@pytest.mark.parametrize("operation", ["Scan", "GetItem", "Query"])
def test_a_job_that_comes_and_goes_within_each_look_is_no_difference(account: Account, operation: str) -> None:
    """The balance before a look is the balance after it, and still something moved."""
    account.ledger.grant("anna", purchase(500), reference="invoice-1", now=account.clock())
    kept: list[Any] = []

    def come_or_go() -> None:
        if kept:
            account.jobs.cancel(kept.pop(), account.clock())
        else:
            kept.append(account.create_upload())

    with before_each(account, operation, come_or_go):
        outcome = audit(account, page_size=2)

    assert outcome.found == []


def test_a_difference_that_mends_itself_between_two_looks_is_none(account: Account) -> None:
    account.balance()
    spoil(account, "CreditsTable", ("anna", "balance"), available=49)

    outcome = audit(account, meanwhile=lambda: spoil(account, "CreditsTable", ("anna", "balance"), available=50))

    assert (outcome.found, len(outcome.naps)) == ([], 1)


def test_a_difference_is_found_though_the_account_goes_on_between_the_looks(account: Account) -> None:
    account.balance()
    spoil(account, "CreditsTable", ("anna", "balance"), available=49)

    outcome = audit(account, meanwhile=lambda: account.remove(removal(respond_async=True)))

    assert outcome.found == [("anna", "balance", "available", 46, 47)]


def test_an_account_that_never_rests_is_left_for_the_next_audit(account: Account) -> None:
    account.balance()
    spoil(account, "CreditsTable", ("anna", "balance"), available=49)
    numbers = iter(range(10_000))

    def pay() -> None:
        account.ledger.grant("anna", purchase(1), reference=f"{next(numbers)}", now=account.clock())

    with before_each(account, "Query", pay):
        outcome = audit(account)

    assert outcome.found == []
    assert len(outcome.naps) == MOST_LOOKS
    assert "This moves too quickly to be audited; the next audit looks again" in outcome.messages
    assert audit(account).found != []


def test_a_batch_whose_jobs_end_while_it_is_read_is_no_difference(account: Account) -> None:
    created = account.create_batch(*[photo()] * 6)
    ending = in_turn(*(lambda job=job: account.process_and_close(message_for(job)) for job in created.jobs))

    with before_each(account, "Query", ending):
        outcome = audit(account)

    assert outcome.found == []
