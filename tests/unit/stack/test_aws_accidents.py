import asyncio
import json
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from tests.stack.aws_accidents import Accidents, Answer, accident_prone, an_hour_later
from tests.stack.emulated_aws import NOT_BILLED, operation_of

FUNCTION = "AWS4-HMAC-SHA256 Credential=ASIAFUNCTION/20261128/us-east-1/dynamodb/aws4_request"
ROOT = "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/dynamodb/aws4_request"
TRANSACTION: dict[str, Any] = {"TransactItems": [{"Put": {}}, {"Update": {}}, {"Put": {}}]}


class Service:
    """A service of the emulator's, and what it was asked for."""

    def __init__(self, name: str, **shares: float) -> None:
        self.asked: list[dict[str, Any]] = []
        self.accidents = Accidents()
        named = {key.replace("__", ":"): share for key, share in shares.items()}
        self.accidents.begin(named, seed=1, longest_delay=20.0)
        self._name = name

    def call(self, operation: str, body: dict[str, Any], signed: str = FUNCTION) -> Answer:
        async def handler(_method: str, _path: str, _headers: object, body: bytes, _query: object) -> Answer:
            self.asked.append(json.loads(body))
            return 200, {}, b"{}"

        handle = accident_prone(self._name, handler, self.accidents, operation_of, NOT_BILLED)
        headers = {"authorization": signed, "x-amz-target": f"Service.{operation}"}
        answer: Answer = asyncio.run(handle("POST", "/", headers, json.dumps(body).encode(), {}))
        return answer


def test_without_accidents_everything_is_done() -> None:
    service = Service("dynamodb")

    assert service.call("PutItem", {"Item": {}})[0] == 200
    assert service.asked == [{"Item": {}}]


def test_what_is_throttled_is_not_done() -> None:
    service = Service("dynamodb", dynamodb__throttled=1.0)

    status, _, answer = service.call("GetItem", {})

    assert (status, json.loads(answer)["__type"].rpartition("#")[2]) == (400, "ProvisionedThroughputExceededException")
    assert service.asked == []
    assert service.accidents.played == {"dynamodb:throttled": 1}


def test_a_transaction_meets_another_at_one_of_its_items() -> None:
    service = Service("dynamodb", dynamodb__conflict=1.0)

    _, _, answer = service.call("TransactWriteItems", TRANSACTION)

    reasons = [each["Code"] for each in json.loads(answer)["CancellationReasons"]]
    assert sorted(reasons) == ["None", "None", "TransactionConflict"]
    assert service.asked == []


def test_a_read_meets_no_transaction() -> None:
    assert Service("dynamodb", dynamodb__conflict=1.0).call("GetItem", {})[0] == 200


def test_what_is_done_may_be_answered_by_nobody() -> None:
    service = Service("dynamodb", dynamodb__answer_lost=1.0)

    assert service.call("PutItem", {"Item": {}})[0] == 500
    assert service.asked == [{"Item": {}}]


def test_the_accounts_root_is_spared() -> None:
    service = Service("dynamodb", dynamodb__throttled=1.0)

    assert service.call("GetItem", {}, signed=ROOT)[0] == 200


def test_a_message_comes_twice_and_no_later_than_is_wanted() -> None:
    service = Service("sqs", sqs__twice=1.0)

    service.call("SendMessage", {"MessageBody": "a", "DelaySeconds": 900})

    assert [each["MessageBody"] for each in service.asked] == ["a", "a"]
    assert all(each["DelaySeconds"] <= 20 for each in service.asked)


def test_when_accidents_cease_messages_are_as_late_as_they_were_sent() -> None:
    service = Service("sqs", sqs__twice=1.0)
    service.accidents.cease()

    service.call("SendMessage", {"MessageBody": "a", "DelaySeconds": 900})

    assert service.asked == [{"MessageBody": "a", "DelaySeconds": 900}]


def test_a_seed_gives_the_same_chances_again() -> None:
    def chances() -> list[bool]:
        accidents = Accidents()
        accidents.begin({"s3:slow_down": 0.3}, seed=7, longest_delay=20.0)
        return [accidents.happens("s3:slow_down") for _ in range(50)]

    assert chances() == chances()
    assert 0 < sum(chances()) < 50


@pytest.mark.parametrize(("started_at", "killed"), [(1.0, True), (None, False)], ids=["at work", "starting"])
def test_a_process_is_killed_in_the_middle_of_its_work(started_at: float | None, killed: bool) -> None:
    died = threading.Event()
    process = SimpleNamespace(kill=died.set)
    worker: Any = SimpleNamespace(func_name="stack-WorkerFunction-1A", _start_time=started_at, _proc=process)
    accidents = Accidents()
    accidents.begin({"killed:WorkerFunction": 1.0}, seed=1, longest_delay=20.0)

    with accidents.befalling(worker):
        died.wait(5.0 if killed else 0.1)

    assert died.is_set() is killed
    assert accidents.played == ({"killed:WorkerFunction": 1} if killed else {})


def test_an_hour_later_nothing_waits_any_more() -> None:
    now = time.time()
    queues = {"jobs": {"messages": [{"visible_at": now + 900}, {"visible_at": now - 5}]}}

    an_hour_later(queues, now)

    assert [each["visible_at"] for each in queues["jobs"]["messages"]] == [now, now - 5]
