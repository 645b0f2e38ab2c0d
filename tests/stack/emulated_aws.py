"""Runs ministack with what it lacks: fair queues, and a meter of what AWS would bill. For the emulator's own Python.

A standard queue whose messages carry a group id hands out first what belongs to groups with little in flight:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
ministack (1.5) hands out the oldest. AWS lets a group wait only once it has more than a tenth of what is in flight, or
of the recent processing time; here every message in flight counts, so that a handful shows what hundreds do there.

`GET /_meter` answers with what was billed since `DELETE /_meter`.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partialmethod
from typing import Any

type Message = dict[str, Any]
type Queue = dict[str, Any]
type Answer = tuple[int, dict[str, str], bytes]
type Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Coroutine[Any, Any, Answer]]

METERED = ("dynamodb", "s3", "sqs", "secretsmanager")
DYNAMODB_READS = ("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan")
# The account's root, with which tests and benchmarks look at the stack.
NOT_BILLED = "Credential=test/"


class Meter:
    """Calls by service and operation, and DynamoDB's request units; of refused writes the call alone is counted."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.read_units = 0.0
        self.write_units = 0.0

    def record(self, service: str, operation: str, answer: bytes) -> None:
        self.calls[f"{service}:{operation}"] += 1
        if service == "dynamodb":
            consumed = json.loads(answer).get("ConsumedCapacity", [])
            units = sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
            if operation in DYNAMODB_READS:
                self.read_units += units
            else:
                self.write_units += units

    def to_json(self) -> bytes:
        return json.dumps({"calls": self.calls, "readUnits": self.read_units, "writeUnits": self.write_units}).encode()


def operation_of(service: str, method: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
    """The name of the operation; of S3's, which are priced by it, the method alone: `LIST` and `COPY` among them."""
    if service != "s3":
        return headers.get("x-amz-target", "").rpartition(".")[2]
    if method == "GET" and "list-type" in query:
        return "LIST"
    if method == "POST" and "delete" in query:
        return "DELETE"
    return "COPY" if "x-amz-copy-source" in headers else method


def metered(service: str, handler: Handler, meter: Meter) -> Handler:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        if NOT_BILLED in headers.get("authorization", ""):
            return await handler(method, path, headers, body, query)
        if service == "dynamodb":
            body = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        answer = await handler(method, path, headers, body, query)
        meter.record(service, operation_of(service, method, headers, query), answer[2])
        return answer

    return handle


def fairest_first(messages: Sequence[Message], now: float) -> list[Message]:
    """By how many messages their group has in flight; those of equal groups, and of one group, stay as they were.

    A message without a group is a group of its own.
    """
    in_flight = Counter(
        message.get("group_id")
        for message in messages
        if message.get("receive_count", 0) > 0 and message.get("visible_at", now) > now
    )
    del in_flight[None]
    return sorted(messages, key=lambda message: in_flight[message.get("group_id")])


def main() -> None:
    from ministack import app  # type: ignore[import-not-found]  # in the emulator's environment only
    from ministack.core import lambda_runtime  # type: ignore[import-not-found]
    from ministack.services import sqs  # type: ignore[import-not-found]

    # It has been read, and functions inherit the environment: Powertools would take it for their own level.
    os.environ.pop("LOG_LEVEL", None)

    collect_oldest_first = sqs._collect_msgs

    def collect(queue: Queue, limit: int, visibility_timeout: int) -> list[Message]:
        if not queue["is_fifo"]:
            queue = {**queue, "messages": fairest_first(queue["messages"], time.time())}
        messages: list[Message] = collect_oldest_first(queue, limit, visibility_timeout)
        return messages

    sqs._collect_msgs = collect

    # It waits 50 ms after every invocation for a first line of the log, which most never write. What a function wrote
    # before it answered is in the pipe by then.
    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded = partialmethod(worker._drain_stderr_bounded, first_line_wait=0.005)

    meter = Meter()
    for service in METERED:
        app.SERVICE_HANDLERS[service] = metered(service, app.SERVICE_HANDLERS[service], meter)
    serve = app.app

    async def with_meter(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != "/_meter":
            await serve(scope, receive, send)
            return
        body = meter.to_json()
        if scope["method"] == "DELETE":
            meter.reset()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    app.app = with_meter
    app.main()


if __name__ == "__main__":
    main()
