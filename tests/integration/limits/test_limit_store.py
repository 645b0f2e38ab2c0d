"""Tokens and places in the limits table."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from background_remover.domain.limits import RequestPolicy
from background_remover.domain.request_errors import TooManyRequestsError
from background_remover.gateways.limit_store import PLACE_LEASE, RETENTION, LimitStore, Place, Spent
from tests.deployed_tables import create_tables
from tests.integration.jobs.aws_account import NOON
from tests.moto_client import client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PER_SECOND = RequestPolicy(per_minute=60, burst=10)


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
        dynamodb: DynamoDBClient = client("dynamodb")
        create_tables(dynamodb)
        yield dynamodb


@pytest.fixture
def writes(dynamodb: DynamoDBClient) -> Iterator[list[str]]:
    """The names of the calls."""
    calls: list[str] = []

    def note(model: Any, **_: object) -> None:
        calls.append(model.name)

    dynamodb.meta.events.register("before-call.dynamodb", note)
    yield calls
    dynamodb.meta.events.unregister("before-call.dynamodb", note)


def limits(dynamodb: DynamoDBClient, *, policy: RequestPolicy = PER_SECOND, places: int = 3) -> LimitStore:
    return LimitStore(dynamodb, table="LimitsTable", policy=policy, places=places)


def place(store: LimitStore, *, after: timedelta = timedelta(0), user_id: str = "anna") -> Place | None:
    return store.spend(user_id, NOON + after, needs_place=True).place


def test_a_request_costs_one_write_and_no_read(dynamodb: DynamoDBClient, writes: list[str]) -> None:
    spent = limits(dynamodb).spend("anna", NOON, needs_place=True)

    assert (spent.left, spent.full_in) == (9, 1000)
    assert writes == ["UpdateItem"]


def test_a_request_right_after_another_costs_a_second_write(dynamodb: DynamoDBClient, writes: list[str]) -> None:
    store = limits(dynamodb)
    store.spend("anna", NOON)
    writes.clear()

    assert store.spend("anna", NOON).left == 8
    assert writes == ["UpdateItem", "UpdateItem"]


def test_beyond_the_burst_a_request_is_refused_until_a_token_has_come_back(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb)
    for _ in range(10):
        store.spend("anna", NOON)

    with pytest.raises(TooManyRequestsError) as refusal:
        store.spend("anna", NOON + timedelta(milliseconds=400))
    assert refusal.value.retry_after == 0.6
    assert store.spend("anna", NOON + timedelta(seconds=1)).left == 0


def test_a_refused_request_takes_nothing(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb)
    store.spend("anna", NOON, tokens=10)
    for _ in range(20):
        with pytest.raises(TooManyRequestsError):
            store.spend("anna", NOON)

    assert store.spend("anna", NOON + timedelta(seconds=1)).left == 0


def test_users_do_not_take_from_each_other(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb)
    store.spend("anna", NOON, tokens=10)

    assert store.spend("ben", NOON).left == 9


def at_once(times: int, store: LimitStore, **asked: Any) -> list[Spent]:
    def spend(_: int) -> Spent | None:
        try:
            return store.spend("anna", NOON, **asked)
        except TooManyRequestsError:
            return None

    with ThreadPoolExecutor(8) as threads:
        return [each for each in threads.map(spend, range(times)) if each]


def test_of_forty_requests_at_once_exactly_a_burst_gets_through(dynamodb: DynamoDBClient) -> None:
    through = at_once(40, limits(dynamodb))

    assert sorted(each.left for each in through) == list(range(10))


def test_at_once_there_are_as_many_places_as_there_may_be_and_no_place_is_taken_twice(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb, policy=RequestPolicy(per_minute=60, burst=100), places=3)

    through = at_once(40, store, needs_place=True)

    places = [each.place.name for each in through if each.place]
    assert len(through) == 40
    assert sorted(places) == ["place0", "place1", "place2"]


def test_a_place_that_is_given_back_is_free(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb, places=1)
    taken = place(store)
    assert taken
    assert place(store) is None

    store.leave(taken)

    assert place(store)


def test_a_place_that_nobody_gives_back_is_free_when_its_lease_has_run_out(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb, places=1)
    place(store)

    assert place(store, after=PLACE_LEASE - timedelta(milliseconds=1)) is None
    assert place(store, after=PLACE_LEASE)


def test_who_is_too_late_does_not_give_back_the_place_of_another(dynamodb: DynamoDBClient) -> None:
    store = limits(dynamodb, places=1)
    late = place(store)
    assert late
    place(store, after=PLACE_LEASE)

    store.leave(late)

    assert place(store, after=PLACE_LEASE) is None


def test_the_item_retires_when_it_says_nothing_any_more(dynamodb: DynamoDBClient) -> None:
    limits(dynamodb).spend("anna", NOON)

    item = dynamodb.get_item(TableName="LimitsTable", Key={"pk": {"S": "anna"}})["Item"]

    assert int(item["retireAt"]["N"]) == int((NOON + RETENTION).timestamp()) + 10
