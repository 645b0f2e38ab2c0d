"""The breaker as clients in several containers see it, which share it through DynamoDB."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient

from background_remover.domain.breaker import FEWEST, PAUSES
from background_remover.domain.inference_errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
)
from background_remover.domain.jobs import Submission
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.model_states import ModelStates
from tests.deployed_tables import create_tables
from tests.integration.hugging_face.asking import ENDPOINT, FAL, FakeClock, calls, matte, routes
from tests.integration.hugging_face.conftest import StoredToken
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


class DynamoDB:
    """The jobs table, without breakers, and what was called of it."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client
        for model in Model:
            key = {"pk": {"S": f"model#{model}"}, "sk": {"S": "breaker"}}
            self.client.delete_item(TableName="JobsTable", Key=key)
        self.calls: Counter[str] = Counter()
        self.is_down = False
        self.client.meta.events.register("before-call.dynamodb", self._called)

    def close(self) -> None:
        self.client.meta.events.unregister("before-call.dynamodb", self._called)

    def _called(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")


@pytest.fixture(scope="module")
def jobs_table() -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        create_tables(client)
        yield client


@pytest.fixture
def dynamodb(jobs_table: DynamoDBClient) -> Iterator[DynamoDB]:
    dynamodb = DynamoDB(jobs_table)
    yield dynamodb
    dynamodb.close()


Container = Callable[[], HuggingFace]


@pytest.fixture
def told() -> Counter[str]:
    return Counter()


@pytest.fixture
def container(
    hub: HuggingFaceStandIn, dynamodb: DynamoDB, token: StoredToken, clock: FakeClock, told: Counter[str]
) -> Container:
    """A client as a new container makes it."""

    def measure(_: Model, counted: Mapping[str, int]) -> None:
        told.update(counted)

    return lambda: HuggingFace(
        routes(hub.url),
        token.secret,
        clock=clock,
        sleep=clock.sleep,
        now=clock,
        measure=measure,
        states=ModelStates(dynamodb.client, table="JobsTable"),
    )


def fail(client: HuggingFace, model: Model = ENDPOINT, *, seconds: float = 17.0) -> InferenceUnavailableError:
    with pytest.raises(InferenceUnavailableError) as caught:
        matte(client, model, seconds=seconds)
    return caught.value


def open_by_outage(container: Container, hub: HuggingFaceStandIn, model: Model = ENDPOINT) -> None:
    """Afterwards Hugging Face works again, and all requests are forgotten."""
    hub.play(Fault("server_error", times=FEWEST))
    while hub.requests == [] or len(hub.requests) < FEWEST:
        fail(container(), model)
    hub.reset()


def test_a_healthy_request_reads_once_and_writes_nothing(container: Container, dynamodb: DynamoDB) -> None:
    dynamodb.calls.clear()
    client = container()
    matte(client)
    assert dynamodb.calls == {"GetItem": 1}


def test_requests_within_two_seconds_share_one_reading(container: Container, dynamodb: DynamoDB) -> None:
    client = container()
    dynamodb.calls.clear()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: matte(client), range(16)))
    assert dynamodb.calls == {"GetItem": 1}


def test_what_several_containers_see_fail_opens_it_for_all(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock, told: Counter[str]
) -> None:
    open_by_outage(container, hub)
    started = clock.now = math.ceil(clock.now)  # As the pause's end is.
    refusal = fail(container())
    assert hub.requests == []
    assert clock.now == started, "nobody waits"
    assert 0 < refusal.retry_after <= 2 * PAUSES[0]
    assert told["HuggingFaceBreakerOpened"] == 1


def test_the_other_model_is_asked_meanwhile(container: Container, hub: HuggingFaceStandIn) -> None:
    open_by_outage(container, hub)
    matte(container(), FAL)


@pytest.mark.parametrize("kind", ["bad_request", "too_large", "unprocessable"])
def test_images_that_are_refused_do_not_open_it(container: Container, hub: HuggingFaceStandIn, kind: Any) -> None:
    hub.play(Fault(kind, times=3 * FEWEST))
    for _ in range(3 * FEWEST):
        with pytest.raises(InferenceRefusedError):
            matte(container())
    hub.reset()
    matte(container())


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limited", times=99),
        Fault("cold_start", times=99, estimated_time=None),
        Fault("server_error", status=502, times=99),
        Fault("connection_reset", times=99),
        Fault("html_200", times=99),
    ],
    ids=lambda fault: fault.kind,
)
def test_failures_of_every_kind_open_it(container: Container, hub: HuggingFaceStandIn, fault: Fault) -> None:
    hub.play(fault)
    for _ in range(FEWEST):
        fail(container())
    assert len(hub.requests) == FEWEST


def test_one_failure_in_five_does_not_open_it(container: Container, hub: HuggingFaceStandIn) -> None:
    client = container()
    for _ in range(40):
        hub.play(Fault("server_error"))
        fail(client, seconds=1.0)
        for _ in range(4):
            matte(client)


def test_exactly_one_of_many_asks_when_the_pause_is_over(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub)
    clock.now += PAUSES[0] + 1
    hub.play(Fault("server_error", times=99))
    clients = [container() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(fail, clients))
    assert len(hub.requests) == 1, "asked once, and not repeated"
    clock.now = math.ceil(clock.now)  # As the pause's end is.
    assert 0 < fail(container()).retry_after <= PAUSES[1] + PAUSES[0]


def test_the_answer_to_the_one_who_asks_lets_all_ask_again(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub)
    other = container()
    fail(other)
    clock.now += PAUSES[0] + 1
    matte(container())
    matte(other)


def test_a_refused_image_shows_that_it_works_again(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub)
    clock.now += PAUSES[0] + 1
    hub.play(Fault("bad_request"))
    with pytest.raises(InferenceRefusedError):
        matte(container())
    matte(container())


def test_one_that_dies_while_it_asks_is_followed_by_another_when_its_time_is_over(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    def die(_: Submission) -> None:
        raise RuntimeError("killed")

    open_by_outage(container, hub, FAL)
    clock.now += PAUSES[0] + 1
    with pytest.raises(RuntimeError):
        matte(container(), FAL, seconds=17.0, on_submission=die)
    fail(container(), FAL)
    clock.now += 19
    matte(container(), FAL)


def test_nobody_asks_with_too_little_time_for_an_answer(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub)
    clock.now += PAUSES[0] + 1
    fail(container(), seconds=2.0)
    assert hub.requests == []
    matte(container())


def test_a_submission_that_is_paid_for_is_polled_all_the_same(container: Container, hub: HuggingFaceStandIn) -> None:
    taken: list[Submission] = []
    hub.play(Fault("server_error", status=503, on="poll", times=3))
    with pytest.raises(InferenceUnavailableError):
        matte(container(), FAL, seconds=10.0, on_submission=taken.append)
    hub.play(Fault("server_error", times=99))
    for _ in range(FEWEST):
        fail(container(), FAL)
    hub.reset()
    fail(container(), FAL)
    assert hub.requests == []

    matte(container(), FAL, submission=taken[0])

    assert calls(hub, "submit") == 0
    fail(container(), FAL)


def test_who_may_not_submit_yet_does_not_ask_whether_it_works_again(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub, FAL)
    clock.now += PAUSES[0] + 1
    early = Submission(number=8, sent_at=int(clock.now))
    with pytest.raises(InferenceUnavailableError):
        matte(container(), FAL, submission=early)
    matte(container(), FAL)


def test_a_place_in_fals_queue_shows_that_it_works_again(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    open_by_outage(container, hub, FAL)
    clock.now += PAUSES[0] + 1
    hub.set_latency(5)
    with pytest.raises(InferenceUnavailableError, match="still waits"):
        matte(container(), FAL, seconds=6.0)
    hub.set_latency(0)
    matte(container(), FAL)


def test_what_one_container_is_refused_none_asks_for_a_minute(
    container: Container, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    hub.play(Fault("payment_required"))
    with pytest.raises(InferenceMisconfiguredError):
        matte(container())
    with pytest.raises(InferenceMisconfiguredError):
        matte(container())
    assert len(hub.requests) == 1
    clock.now += 60
    matte(container())


def test_without_dynamodb_everybody_asks(container: Container, hub: HuggingFaceStandIn, dynamodb: DynamoDB) -> None:
    dynamodb.is_down = True
    client = container()
    matte(client)
    hub.play(Fault("server_error"))
    matte(client)


def test_where_many_fail_at_once_their_writes_come_together(
    container: Container, hub: HuggingFaceStandIn, told: Counter[str]
) -> None:
    hub.play(Fault("server_error", times=999))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: fail(container(), seconds=1.0), range(4 * FEWEST)))
    assert told["HuggingFaceBreakerOpened"] == 1
    assert len(hub.requests) < 3 * FEWEST
