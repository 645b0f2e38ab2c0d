import base64
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from background_remover.domain import credits
from background_remover.domain.credits import Balance
from background_remover.domain.request_errors import MalformedCursorError
from background_remover.gateways.credit_ledger import CreditLedger
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON


def test_an_account_opens_without_credits(account: Account) -> None:
    ledger = CreditLedger(account.dynamodb, table="CreditsTable")

    assert ledger.balance("anna", NOON) == Balance(available=0, held=0)
    assert ledger.entries("anna", limit=10, cursor=None) == ([], None)


def test_a_grant_is_added_and_written_down(account: Account) -> None:
    assert account.ledger.grant("anna", credits.purchase(100), reference="payment-1", now=NOON)

    assert account.balance() == Balance(available=150, held=0)
    assert account.movements() == [("bonus", 50, 0), ("purchase", 100, 0)]


@pytest.mark.parametrize("again", [credits.purchase(100), credits.purchase(7), credits.bonus(100)])
def test_a_grant_counts_once_by_its_reference(account: Account, again: credits.Movement) -> None:
    account.ledger.grant("anna", credits.purchase(100), reference="payment-1", now=NOON)

    assert not account.ledger.grant("anna", again, reference="payment-1", now=NOON + timedelta(days=1))

    assert account.balance() == Balance(available=150, held=0)
    assert len(account.entries()) == 2


def test_the_same_reference_counts_for_each_user(account: Account) -> None:
    assert account.ledger.grant("anna", credits.bonus(5), reference="launch", now=NOON)
    assert account.ledger.grant("ben", credits.bonus(5), reference="launch", now=NOON)

    assert account.balance("anna") == account.balance("ben") == Balance(available=55, held=0)


def test_pages_of_the_ledger_run_from_newest_to_oldest_without_loss_or_repetition(account: Account) -> None:
    account.ledger.open_account("anna", NOON)
    account.ledger.open_account("anne", NOON)
    for number in range(1, 13):
        account.ledger.grant(
            "anna", credits.bonus(number), reference=f"grant-{number}", now=NOON + timedelta(seconds=number)
        )
        account.ledger.grant("anne", credits.bonus(1), reference=f"grant-{number}", now=NOON)

    amounts: list[list[int]] = []
    cursor = None
    while True:
        page, cursor = account.ledger.entries("anna", limit=5, cursor=cursor)
        amounts.append([entry.movement.available for entry in page])
        if cursor is None:
            break

    assert amounts == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1, 50]]


def test_an_entry_is_read_as_it_was_written(account: Account) -> None:
    account.ledger.grant("anna", credits.purchase(10), reference="pay#ment/1", now=NOON + timedelta(microseconds=1))

    entry = account.ledger.entries("anna", limit=1, cursor=None)[0][0]

    assert entry.movement == credits.purchase(10)
    assert entry.reference == "pay#ment/1"
    assert entry.created_at == NOON + timedelta(microseconds=1)


def cursor_of_a_ledger(account: Account, user_id: str) -> str:
    account.ledger.grant(user_id, credits.bonus(1), reference="for a second page", now=NOON + timedelta(hours=1))
    cursor = account.ledger.entries(user_id, limit=1, cursor=None)[1]
    assert cursor
    return cursor


def test_the_cursor_of_somebody_elses_ledger_stays_inside_the_callers_own(account: Account) -> None:
    account.ledger.open_account("anna", NOON)

    page, _ = account.ledger.entries("anna", limit=10, cursor=cursor_of_a_ledger(account, "ben"))

    assert {entry.entry_id for entry in page} <= {entry.entry_id for entry in account.entries("anna")}


def test_the_cursor_of_another_list_is_refused(account: Account) -> None:
    cursor = cursor_of_a_ledger(account, "anna")

    with pytest.raises(MalformedCursorError) as refusal:
        account.jobs.page("anna", limit=10, cursor=cursor, status=None, tier=None)

    assert "first page" in refusal.value.detail


@pytest.mark.parametrize("cursor", ["", "=", "é", "_w", "a", "\ud800", "am9iI2E", "YmFsYW5jZQ", "ZW50cnkj" * 200])
def test_what_is_no_cursor_is_refused(account: Account, cursor: str) -> None:
    with pytest.raises(MalformedCursorError):
        account.ledger.entries("anna", limit=10, cursor=cursor)


def encoded(sort_keys: st.SearchStrategy[bytes]) -> st.SearchStrategy[str]:
    return sort_keys.map(lambda sort_key: base64.urlsafe_b64encode(sort_key).decode())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text() | encoded(st.binary()) | encoded(st.binary().map(b"entry#".__add__)))
def test_any_text_as_a_cursor_is_either_followed_or_refused(account: Account, cursor: str) -> None:
    try:
        page, _ = account.ledger.entries("anna", limit=10, cursor=cursor)
    except MalformedCursorError:
        return
    assert page == []  # Nothing has happened on the account, wherever the cursor points.
