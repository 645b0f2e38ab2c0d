"""How the audit goes through its tables: in pages, and in as many runs as it takes."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

import pytest

from background_remover.domain.credits import purchase
from background_remover.gateways.audit_tables import Key, Position
from background_remover.use_cases import audit_findings
from tests.integration.audit.accounts import busy_account
from tests.integration.audit.auditing import Found, Log, audit, everything, spoil, tables
from tests.integration.jobs.account import Account, removal

USERS = [f"user{number}" for number in range(6)]


def some_accounts(account: Account) -> None:
    for user in USERS:
        account.ledger.grant(user, purchase(10), reference="invoice-1", now=account.clock())
        account.remove(removal(user_id=user, respond_async=True))
    spoil(account, "CreditsTable", ("user1", "balance"), available=0)
    spoil(account, "CreditsTable", ("user5", "balance"), available=0)
    spoil(account, "JobsTable", a_job_of("user4"), price=4)


def a_job_of(user: str) -> tuple[str, str]:
    (item,) = [item for item in everything("JobsTable") if item["pk"] == user and item["sk"].startswith("job#")]
    return user, item["sk"]


def requests(account: Account, calls: Counter[str], largest: list[int]) -> Any:
    """Counts the account's calls, and how many items they were answered with."""

    def after(parsed: dict[str, Any], model: Any, **_: object) -> None:
        calls[model.name] += 1
        largest.append(len(parsed.get("Items", [])))

    account.dynamodb.meta.events.register("after-call.dynamodb", after)
    return after


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 500])
def test_pages_of_any_size_show_the_same(account: Account, page_size: int) -> None:
    some_accounts(account)

    found = audit(account, page_size=page_size).found

    assert [(user, figure) for user, _, figure, _, _ in found] == [
        ("user1", "available"),
        ("user4", "held"),
        ("user5", "available"),
    ]


@pytest.mark.parametrize("most_pages", [1, 2, 5])
def test_a_run_has_its_pages_and_the_next_goes_on_from_there(account: Account, most_pages: int) -> None:
    some_accounts(account)
    found: list[Found] = []
    runs = 0
    while not runs or tables(account).position() != Position():
        runs += 1
        found += audit(account, page_size=5, most_pages=most_pages).found

    assert runs > 1
    assert found == audit(account).found


def test_when_both_tables_are_through_the_next_run_begins_anew(account: Account) -> None:
    some_accounts(account)

    assert audit(account).found == audit(account).found
    assert tables(account).position() == Position()


def test_a_run_whose_time_is_up_stops_at_the_border_of_a_page(account: Account) -> None:
    some_accounts(account)
    time_left = iter([900.0, 900.0, 119.0])

    outcome = audit(account, page_size=8, time_left=lambda: next(time_left))

    position = tables(account).position()
    assert "The audit goes on in its next run" in outcome.messages
    assert position.table == "credits"
    assert position.after
    assert position.after.pk in USERS


def test_an_account_that_is_longer_than_a_run_has_pages_is_summed_up_all_the_same(account: Account) -> None:
    some_accounts(account)
    for number in range(20):
        account.ledger.grant("user0", purchase(1), reference=f"{number}", now=account.clock())

    audit(account, page_size=3, most_pages=2)

    position = tables(account).position()
    assert position.after
    assert position.after.pk == "user0"


def test_a_run_that_gets_no_further_fails_so_that_its_alarm_tells(account: Account) -> None:
    some_accounts(account)

    with pytest.raises(RuntimeError, match="too short"):
        audit(account, page_size=1, time_left=lambda: 1.0)


def test_a_position_whose_item_is_gone_is_as_good_as_any(account: Account) -> None:
    some_accounts(account)
    tables(account).remember(Position("credits", Key("user1", "zzz")))

    assert [user for user, *_ in audit(account, page_size=2).found] == ["user4", "user5"]


def test_memory_holds_a_page_of_a_ledger_however_long_it_is(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_findings, "ENTRIES", 4)
    for number in range(40):
        account.ledger.grant("anna", purchase(1), reference=f"{number}", now=account.clock())
    spoil(account, "CreditsTable", ("anna", "balance"), available=91)
    calls: Counter[str] = Counter()
    largest: list[int] = []
    after = requests(account, calls, largest)
    try:
        found = audit(account, page_size=4).found
    finally:
        account.dynamodb.meta.events.unregister("after-call.dynamodb", after)

    assert found == [("anna", "balance", "available", 91, 90)]
    assert max(largest) == 4


def test_an_audit_of_what_agrees_reads_each_table_once(account: Account) -> None:
    busy_account(account)
    items = len(everything("CreditsTable"))
    calls: Counter[str] = Counter()
    after = requests(account, calls, [])
    try:
        audit(account, page_size=10)
    finally:
        account.dynamodb.meta.events.unregister("after-call.dynamodb", after)

    assert calls["Scan"] == -(-items // 10) + -(-len(everything("JobsTable")) // 10)
    assert set(calls) == {"Scan", "GetItem", "Query", "PutItem"}


def test_what_cannot_be_read_fails_the_run_and_keeps_nothing_else_from_it(account: Account) -> None:
    some_accounts(account)
    spoil(account, "JobsTable", a_job_of("user0"), createdAt="once upon a time")

    with Log() as log, pytest.raises(RuntimeError, match="2 could not be audited"):
        audit(account)

    told = [each for each in log.records if each.levelno == logging.ERROR]
    assert {each.__dict__.get("user_id") for each in told} == {None, "user1", "user4", "user5"}
    assert "user0" in {each.__dict__.get("subject") for each in told}
    assert tables(account).position() == Position()


def test_the_audit_writes_to_neither_of_the_tables_that_it_looks_at(account: Account) -> None:
    some_accounts(account)
    before = [everything(table) for table in ("CreditsTable", "JobsTable")]

    audit(account, page_size=3)

    assert [everything(table) for table in ("CreditsTable", "JobsTable")] == before
