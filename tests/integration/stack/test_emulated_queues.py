from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.stack import processes
from tests.stack.emulator import Emulator


@pytest.fixture(scope="module")
def sqs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    emulator = Emulator(f"http://127.0.0.1:{processes.free_port('127.0.0.1')}")
    pid = emulator.start(tmp_path_factory.mktemp("emulator"))
    yield emulator.client("sqs")
    processes.stop(pid, "ministack")


def send(sqs: Any, queue: str, group: str, bodies: Sequence[str]) -> None:
    for body in bodies:
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId=group)


def receive(sqs: Any, queue: str) -> list[str]:
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_one_users_single_message_overtakes_another_users_forty(sqs: Any) -> None:
    queue = sqs.create_queue(QueueName="shared")["QueueUrl"]
    many = [f"many {number}" for number in range(40)]
    send(sqs, queue, "user-with-many", many)
    send(sqs, queue, "user-with-one", ["one"])

    received = [receive(sqs, queue) for _ in range(5)]

    assert received == [many[:10], ["one", *many[10:19]], many[19:29], many[29:39], many[39:]]


def test_a_fifo_queue_keeps_its_own_order(sqs: Any) -> None:
    queue = sqs.create_queue(
        QueueName="ordered.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    send(sqs, queue, "ann", ["1", "2"])
    send(sqs, queue, "ben", ["3"])

    assert receive(sqs, queue) == ["1", "2", "3"]
