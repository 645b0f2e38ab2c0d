"""What agrees is left in peace; whatever differs is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from background_remover.domain.credits import purchase
from background_remover.domain.jobs import JobStatus
from tests.integration.audit.accounts import Busy, busy_account, covered_account
from tests.integration.audit.auditing import Found, audit, entry, everything, lose, spoil
from tests.integration.jobs.account import Account, photo, removal

BALANCE = ("anna", "balance")


@pytest.fixture
def busy(account: Account) -> Busy:
    return busy_account(account)


def differences(account: Account) -> list[Found]:
    """What the log names, having seen that all of it was counted."""
    outcome = audit(account, page_size=25)
    assert outcome.counted == len(outcome.found)
    return outcome.found


# ---- what agrees ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("busy")
def test_jobs_in_all_states_and_batches_agree_with_the_ledger(account: Account) -> None:
    statuses = {item["status"] for item in everything("JobsTable") if "status" in item}

    outcome = audit(account)

    assert statuses == set(JobStatus)
    assert (outcome.found, outcome.counted, outcome.naps) == ([], 0, [])


def test_what_a_plan_covers_agrees_without_any_credits(account: Account) -> None:
    covered_account(account)

    assert differences(account) == []


def test_an_account_that_owes_agrees(account: Account) -> None:
    account.receive_payment().succeeded("p1", "anna", credits=100)
    for _ in range(9):
        account.remove(removal(tier="professional", respond_async=True))
    account.receive_payment().refunded("p1", "anna")

    assert account.balance().owed
    assert differences(account) == []


def test_an_empty_deployment_agrees(account: Account) -> None:
    assert differences(account) == []


@pytest.mark.usefixtures("busy")
def test_records_that_reached_their_retention_are_not_missed(account: Account) -> None:
    for item in everything("JobsTable"):
        if item["sk"].startswith("job#") and "retireAt" in item:
            lose(account, "JobsTable", (item["pk"], item["sk"]))

    assert differences(account) == []


# ---- balances ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("figure", ["available", "held"])
def test_a_balance_that_is_not_the_sum_of_its_ledger_is_found(account: Account, figure: str) -> None:
    (balance,) = [item for item in everything("CreditsTable") if (item["pk"], item["sk"]) == BALANCE]
    right = int(balance[figure])
    spoil(account, "CreditsTable", BALANCE, **{figure: right + 1})

    assert differences(account) == [("anna", "balance", figure, right + 1, right)]


def test_a_balance_that_is_gone_is_found(account: Account) -> None:
    account.ledger.grant("anna", purchase(10), reference="invoice-1", now=account.clock())
    lose(account, "CreditsTable", BALANCE)

    assert differences(account) == [("anna", "balance", "available", 0, 60)]


@pytest.mark.usefixtures("busy")
def test_a_missing_entry_of_a_purchase_is_found(account: Account) -> None:
    available = account.balance().available
    lose(account, "CreditsTable", entry("purchase", "invoice-1"))

    assert differences(account) == [("anna", "balance", "available", available, available - 500)]


def test_an_entry_that_came_twice_is_found(account: Account) -> None:
    account.ledger.grant("anna", purchase(10), reference="invoice-1", now=account.clock())
    (kept,) = [item for item in everything("CreditsTable") if item.get("kind") == "purchase"]
    spoil(account, "CreditsTable", (kept["pk"], kept["sk"]), sk=kept["sk"] + "again")

    assert differences(account) == [("anna", "balance", "available", 60, 70)]


def test_each_account_has_its_own_ledger(account: Account) -> None:
    for user, credits in (("anna", 10), ("bert", 20), ("carl", 30)):
        account.ledger.grant(user, purchase(credits), reference="invoice-1", now=account.clock())
    spoil(account, "CreditsTable", ("bert", "balance"), available=0)
    spoil(account, "CreditsTable", ("carl", "balance"), held=5)

    assert differences(account) == [("bert", "balance", "available", 0, 70), ("carl", "balance", "held", 5, 0)]


# ---- holds ---------------------------------------------------------------------------------------------------


def test_a_hold_whose_job_is_gone_is_found(account: Account, busy: Busy) -> None:
    lose(account, "JobsTable", ("anna", f"job#{busy.queued.job_id}"))

    assert differences(account) == [("anna", f"job or batch {busy.queued.job_id}", "held", 0, 3)]


def test_a_hold_whose_job_has_ended_is_found(account: Account, busy: Busy) -> None:
    spoil(account, "JobsTable", ("anna", f"job#{busy.queued.job_id}"), status="failed")

    assert differences(account) == [("anna", f"job or batch {busy.queued.job_id}", "held", 0, 3)]


def test_a_hold_that_is_not_the_price_of_its_job_is_found(account: Account, busy: Busy) -> None:
    spoil(account, "JobsTable", ("anna", f"job#{busy.queued.job_id}"), price=4)

    assert differences(account) == [("anna", f"job or batch {busy.queued.job_id}", "held", 4, 3)]


def test_a_hold_whose_batch_is_gone_is_found(account: Account, busy: Busy) -> None:
    lose(account, "JobsTable", ("anna", f"batch#{busy.half_done.batch_id}"))

    assert differences(account) == [("anna", f"job or batch {busy.half_done.batch_id}", "held", 0, 16)]


def test_what_was_captured_without_a_hold_is_found(account: Account, busy: Busy) -> None:
    available, held = account.balance().available, account.balance().held
    lose(account, "CreditsTable", entry("hold", busy.completed.job_id))

    assert differences(account) == [
        ("anna", "balance", "available", available, available + 3),
        ("anna", "balance", "held", held, held - 3),
        ("anna", f"job or batch {busy.completed.job_id}", "held", 0, -3),
    ]


def test_an_open_job_without_a_hold_is_found(account: Account, busy: Busy) -> None:
    key = entry("hold", busy.queued.job_id)
    spoil(account, "CreditsTable", key, available=0, held=0, kind="bonus")
    available, held = account.balance().available, account.balance().held
    spoil(account, "CreditsTable", BALANCE, available=available + 3, held=held - 3)

    assert differences(account) == [("anna", f"job or batch {busy.queued.job_id}", "held", 3, 0)]


def test_an_open_job_of_a_user_without_an_account_is_found(account: Account) -> None:
    job = account.remove(removal(respond_async=True))
    for item in everything("CreditsTable"):
        lose(account, "CreditsTable", (item["pk"], item["sk"]))

    assert differences(account) == [("anna", f"job or batch {job.job_id}", "held", 3, 0)]


def test_an_open_batch_without_a_hold_is_found(account: Account, busy: Busy) -> None:
    batch = busy.half_done
    lose(account, "CreditsTable", entry("hold", batch.batch_id))
    lose(account, "CreditsTable", entry("capture", f"{batch.batch_id}-000"))

    found = differences(account)

    assert ("anna", f"job or batch {batch.batch_id}", "held", 16, 0) in found
    assert len(found) == 3


def test_a_dropped_file_whose_job_is_older_than_its_hold_agrees(account: Account) -> None:
    account.balance()
    file = account.written("dropbox/anna/basic/photo.png", photo())
    account.clock.advance(timedelta(hours=2))
    account.receive(file)

    assert account.balance().held == 3
    assert differences(account) == []


# ---- batches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", ["completed", "failed", "cancelled", "expired"])
def test_a_batch_that_counts_another_job_is_found(account: Account, busy: Busy, figure: str) -> None:
    batch = account.batches.get("anna", busy.half_done.batch_id)
    counted = getattr(batch, figure)
    spoil(account, "JobsTable", ("anna", f"batch#{batch.batch_id}"), **{figure: counted + 1})

    assert differences(account) == [
        ("anna", f"batch {batch.batch_id}", figure, counted + 1, counted),
        ("anna", f"batch {batch.batch_id}", "open", 1, 2),
    ]


def test_a_batch_that_has_forgotten_a_job_is_found_although_another_was_erased(account: Account, busy: Busy) -> None:
    batch = account.batches.get("anna", busy.done.batch_id)
    spoil(account, "JobsTable", ("anna", f"batch#{batch.batch_id}"), completed=0, expired=3)

    assert differences(account) == [("anna", f"batch {batch.batch_id}", "completed", 0, 1)]


def test_an_open_job_of_a_batch_that_is_gone_is_found(account: Account, busy: Busy) -> None:
    lose(account, "JobsTable", ("anna", f"job#{busy.half_done.batch_id}-002"))

    assert differences(account) == [
        ("anna", f"batch {busy.half_done.batch_id}", "held", 16, 8),
        ("anna", f"batch {busy.half_done.batch_id}", "open", 2, 1),
    ]


def test_what_a_batch_was_charged_is_found_to_be_wrong(account: Account, busy: Busy) -> None:
    batch = busy.half_done
    spoil(account, "JobsTable", ("anna", f"batch#{batch.batch_id}"), charged=9)

    assert differences(account) == [
        ("anna", f"job or batch {batch.batch_id}", "held", 15, 16),
        ("anna", f"batch {batch.batch_id}", "charged", 9, 8),
        ("anna", f"batch {batch.batch_id}", "held", 15, 16),
    ]


def test_the_counters_of_a_batch_that_a_plan_covers_are_looked_at_too(account: Account) -> None:
    batch = covered_account(account)
    spoil(account, "JobsTable", ("anna", f"batch#{batch.batch_id}"), failed=0)

    assert differences(account) == [
        ("anna", f"batch {batch.batch_id}", "failed", 0, 1),
        ("anna", f"batch {batch.batch_id}", "open", 2, 1),
    ]
