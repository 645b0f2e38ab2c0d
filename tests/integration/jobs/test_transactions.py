"""What moto cannot show of DynamoDB: it reports no conflict between transactions, and leaves no key unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from background_remover.domain.credit_errors import ContentionError
from background_remover.gateways import dynamodb
from background_remover.gateways.dynamodb import TransactionRefusedError, find_all, to_item, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

WRITES: list[TransactWriteItemTypeDef] = [
    {"Put": {"TableName": "CreditsTable", "Item": to_item({"pk": "anna", "sk": str(number)})}} for number in range(2)
]
UPDATE: UpdateTypeDef = {
    "TableName": "JobsTable",
    "Key": to_item({"pk": "anna", "sk": "job#1"}),
    "UpdateExpression": "ADD attempts :one",
    "ExpressionAttributeValues": to_item({":one": 1}),
}


class Table:
    """Answers as DynamoDB in the order given, and records how long the caller slept in between."""

    def __init__(self) -> None:
        self.client: DynamoDBClient = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.stubber = Stubber(self.client)
        self.naps: list[float] = []

    def cancels(self, *codes: str, item: dict[str, Any] | None = None, times: int = 1) -> None:
        reasons = [{"Code": code, **({"Item": item} if item and code != "None" else {})} for code in codes]
        for _ in range(times):
            self.stubber.add_client_error(
                "transact_write_items",
                "TransactionCanceledException",
                http_status_code=400,
                modeled_fields={"CancellationReasons": reasons},
            )

    def accepts(self) -> None:
        self.stubber.add_response("transact_write_items", {})

    def transact(self) -> None:
        transact(self.client, WRITES, sleep=self.naps.append)

    def update(self) -> dict[str, Any]:
        return update(self.client, UPDATE, sleep=self.naps.append)

    def reads(self, *names: str, unread: tuple[str, ...] = ()) -> None:
        left = {"KeysTable": {"Keys": [to_item({"pk": name}) for name in unread]}} if unread else {}
        items = [to_item({"pk": name}) for name in names]
        self.stubber.add_response("batch_get_item", {"Responses": {"KeysTable": items}, "UnprocessedKeys": left})

    def find_all(self, *names: str) -> list[str]:
        keys = [to_item({"pk": name}) for name in names]
        return [item["pk"] for item in find_all(self.client, table="KeysTable", keys=keys, sleep=self.naps.append)]


@pytest.fixture(scope="module")
def made_table() -> Table:
    return Table()


@pytest.fixture
def table(made_table: Table) -> Iterator[Table]:
    made_table.naps.clear()
    made_table.stubber = Stubber(made_table.client)
    with made_table.stubber:
        yield made_table
        made_table.stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"]
)
def test_a_conflict_is_waited_out(table: Table, code: str) -> None:
    table.cancels("None", code, times=3)
    table.accepts()

    table.transact()

    assert len(table.naps) == 3


def test_the_waits_grow_and_stay_within_what_a_request_can_bear(table: Table) -> None:
    table.cancels("TransactionConflict", "None", times=dynamodb.WRITE_ATTEMPTS)

    with pytest.raises(ContentionError):
        table.transact()

    assert len(table.naps) == dynamodb.WRITE_ATTEMPTS - 1
    assert all(nap <= min(2.0, 0.1 * 2**number) for number, nap in enumerate(table.naps))
    assert sum(table.naps) < 16


def test_a_condition_that_does_not_hold_refuses_at_once_and_shows_what_was_found(table: Table) -> None:
    table.cancels("None", "ConditionalCheckFailed", item=to_item({"pk": "anna", "available": 2}))

    with pytest.raises(TransactionRefusedError) as refusal:
        table.transact()

    assert refusal.value.found == [None, {"pk": "anna", "available": 2}]
    assert table.naps == []


def test_a_condition_on_something_that_is_not_there_finds_nothing(table: Table) -> None:
    table.cancels("ConditionalCheckFailed", "None")

    with pytest.raises(TransactionRefusedError) as refusal:
        table.transact()

    assert refusal.value.found == [{}, None]


def test_a_condition_that_fails_beside_a_conflict_is_asked_again(table: Table) -> None:
    table.cancels("ConditionalCheckFailed", "TransactionConflict")
    table.accepts()

    table.transact()

    assert len(table.naps) == 1


@pytest.mark.parametrize("codes", [("ValidationError", "None"), ("ValidationError", "TransactionConflict")])
def test_a_cancellation_for_any_other_reason_is_passed_on(table: Table, codes: tuple[str, str]) -> None:
    table.cancels(*codes)

    with pytest.raises(ClientError, match="TransactionCanceledException"):
        table.transact()

    assert table.naps == []


def test_other_errors_are_passed_on(table: Table) -> None:
    table.stubber.add_client_error("transact_write_items", "ResourceNotFoundException")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        table.transact()


def test_a_single_write_waits_for_the_transaction_in_its_way(table: Table) -> None:
    table.stubber.add_client_error("update_item", "TransactionConflictException")
    table.stubber.add_response("update_item", {"Attributes": to_item({"attempts": 2})})

    assert table.update() == {"attempts": 2}
    assert len(table.naps) == 1


def test_a_single_write_gives_up_when_the_conflicts_do_not_end(table: Table) -> None:
    for _ in range(dynamodb.WRITE_ATTEMPTS):
        table.stubber.add_client_error("update_item", "TransactionConflictException")

    with pytest.raises(ContentionError):
        table.update()


def test_a_single_write_whose_condition_does_not_hold_is_not_repeated(table: Table) -> None:
    table.stubber.add_client_error("update_item", "ConditionalCheckFailedException")

    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        table.update()

    assert table.naps == []


def test_what_was_left_unread_is_asked_for_again(table: Table) -> None:
    table.reads("a", unread=("b", "c"))
    table.reads(unread=("b", "c"))
    table.reads("c", unread=("b",))
    table.reads("b")

    assert table.find_all("a", "b", "c") == ["a", "c", "b"]
    assert len(table.naps) == dynamodb.READ_ATTEMPTS - 1


def test_reading_is_given_up_when_something_stays_unread(table: Table) -> None:
    for _ in range(dynamodb.READ_ATTEMPTS):
        table.reads(unread=("a",))

    with pytest.raises(ContentionError):
        table.find_all("a")


def test_nothing_is_read_where_nothing_is_asked_for(table: Table) -> None:
    assert table.find_all() == []
