"""Items as the last release wrote them are read by this one, and what this one writes the last one could read.

Both run at once during a canary, and after a rollback. The rule, and when stored_items.json may change, stand in
docs/decisions.md: "A version reads what the one before it wrote".
"""

import json
from datetime import UTC, date, datetime
from typing import Any

import boto3
import pytest

from background_remover.domain.breaker import Breaker
from background_remover.domain.credits import Balance, bonus
from background_remover.domain.jobs import JobStatus
from background_remover.domain.payments import PaymentState
from background_remover.domain.tiers import Model
from background_remover.gateways import batch_item, job_item
from background_remover.gateways.audit_tables import AuditTables, Position
from background_remover.gateways.dynamodb import from_item
from background_remover.gateways.idempotency import IdempotencyKey, made_lately
from background_remover.gateways.model_states import ModelStates
from tests.contract.deployment import API_KEY, BATCH, KEY_ID, USER, Deployment, message
from tests.deployed_tables import create_tables
from tests.project import PROJECT
from tests.stores import Stores, stores

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

STORED: dict[str, list[dict[str, Any]]] = json.loads((PROJECT / "tests/contract/stored_items.json").read_text())
JOBS = [from_item(item) for item in STORED["JobsTable"] if item["sk"]["S"].startswith("job#")]
BATCHES = [from_item(item) for item in STORED["JobsTable"] if item["sk"]["S"].startswith("batch#")]
THEN = datetime(2026, 11, 28, 20, tzinfo=UTC)


@pytest.fixture
def before(deployment: Deployment) -> Deployment:
    """What the last release has left in the tables."""
    client = boto3.client("dynamodb")
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    create_tables(client)
    for table, items in STORED.items():
        for item in items:
            client.put_item(TableName=table, Item=item)
    return deployment


def stores_of() -> Stores:
    return stores(boto3.client("dynamodb"), signup_credits=0)


def test_there_is_an_item_of_every_kind() -> None:
    kinds = {(table, item.get("sk", {"S": item["pk"]["S"]})["S"]) for table, items in STORED.items() for item in items}
    assert {(table, sort_key.partition("#")[0]) for table, sort_key in kinds} == {
        *(("JobsTable", kind) for kind in ("job", "batch", "idempotency", "statistics", "breaker", "wake")),
        *(("CreditsTable", kind) for kind in ("balance", "entry", "grant")),
        *(("SubscriptionsTable", kind) for kind in ("subscription", "usage", "payment", "position")),
        *(("ApiKeysTable", kind) for kind in (KEY_ID, "user")),
    }
    assert {item["status"] for item in JOBS} == set(JobStatus)


@pytest.mark.parametrize("item", JOBS, ids=lambda item: item["status"])
def test_a_job_is_read_and_would_be_written_as_it_was(item: dict[str, Any]) -> None:
    written = job_item.to_values(job_item.from_values(item))
    assert {name: written[name] for name in item} == item


@pytest.mark.parametrize("item", BATCHES, ids=lambda item: item["sk"])
def test_a_batch_is_read_and_would_be_made_as_it_was(item: dict[str, Any]) -> None:
    batch = batch_item.from_values(item)
    assert (batch.completed, batch.charged) == (1, 8)
    assert batch.archive
    made = batch_item.new_values(batch)
    assert {
        name: item[name] for name in ("tier", "options", "total", "price", "createdAt", "keepUntil")
    }.items() <= made.items()
    assert {"completed", "failed", "cancelled", "expired", "charged", "released", "archiveRequests"} <= set(made)


def test_a_queued_job_of_the_last_release_is_delivered_by_this_one(before: Deployment) -> None:
    job = before.jobs.get(USER, "01a223a0queued")
    before.put_photo(job)

    before.invoke("ProcessImageFunction", message("process_image", job))

    assert before.jobs.get(USER, job.job_id).result


def test_money_is_what_it_was(before: Deployment) -> None:
    assert before.ledger.balance(USER, THEN) == Balance(available=510, held=16)
    entries, _ = before.ledger.entries(USER, limit=50, cursor=None)
    assert len(entries) == sum(item["sk"]["S"].startswith("entry#") for item in STORED["CreditsTable"])
    assert ("purchase", 500, 0, "pay_0001") in [
        (entry.movement.kind, entry.movement.available, entry.movement.held, entry.reference) for entry in entries
    ]


def test_a_reference_that_counted_counts_no_more(before: Deployment) -> None:
    assert before.ledger.grant(USER, bonus(1), reference="invoice-17", now=THEN) is False


@pytest.mark.usefixtures("before")
def test_plan_quota_and_payments_are_what_they_were() -> None:
    subscription = stores_of().subscriptions.current(USER)
    assert subscription
    assert (subscription.subscription_id, subscription.plan) == ("pay_0002", "starter")
    assert stores_of().subscriptions.usage(USER, date(2026, 11, 28)).used == 1
    payment = stores_of().payments.get("pay_0002")
    assert payment
    assert (payment.user_id, payment.state) == (USER, PaymentState.USED)


@pytest.mark.usefixtures("before")
def test_statistics_are_what_they_were() -> None:
    statistics = stores_of().statistics.of(USER)
    assert statistics.ended["completed", "standard"] == 3
    assert sum(statistics.durations.values()) == 3
    assert (statistics.milliseconds, statistics.credits) == (901, 24)


@pytest.mark.usefixtures("before")
def test_a_repeat_finds_what_its_first_request_made() -> None:
    (record,) = [from_item(item) for item in STORED["JobsTable"] if item["sk"]["S"] == "idempotency#once"]
    key = IdempotencyKey("once", record["fingerprint"])
    made = made_lately(boto3.client("dynamodb"), key, table="JobsTable", user_id=USER, now=THEN)
    assert made == record["made"]


def test_a_key_is_still_its_owners(before: Deployment) -> None:
    key = before.api_keys.find(KEY_ID)
    assert key
    assert (key.user_id, API_KEY.startswith(key.beginning)) == (USER, True)
    assert [each.key_id for each in before.api_keys.of_user(USER)] == [KEY_ID]


@pytest.mark.usefixtures("before")
def test_a_breaker_is_as_it_was_and_an_endpoint_is_not_woken_again() -> None:
    states = ModelStates(boto3.client("dynamodb"), table="JobsTable")
    breaker = Breaker(cause="failing", until=1_795_896_000, vain=2, prober="5c2f8a10d4e6b7f1")
    assert states.breaker(Model.RMBG_2_0) == (breaker, 11)
    assert states.replace_breaker(Model.RMBG_2_0, breaker, version=11)
    assert states.breaker(Model.RMBG_2_0) == (breaker, 12)
    assert not states.take_wake(Model.RMBG_1_4, 1_795_896_059, pause=60)


@pytest.mark.usefixtures("before")
def test_the_audit_goes_on_where_it_was() -> None:
    tables = AuditTables(
        boto3.client("dynamodb"),
        credits_table="CreditsTable",
        jobs_table="JobsTable",
        subscriptions_table="SubscriptionsTable",
    )
    assert tables.position() == Position("credits")


def test_a_batch_of_the_last_release_is_shown(before: Deployment) -> None:
    assert before.batches.get(USER, BATCH).total == 1
