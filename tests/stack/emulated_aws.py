"""Runs ministack with what it lacks: fair queues, a meter of what AWS would bill, accidents on request,
and CloudFront for browsers.

For the emulator's own Python.

A standard queue whose messages carry a group id hands out first what belongs to groups with little in flight:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
ministack (1.5) hands out the oldest. AWS lets a group wait only once it has more than a tenth of what is in flight, or
of the recent processing time; here every message in flight counts, so that a handful shows what hundreds do there.

`GET /_meter` answers with what was billed since `DELETE /_meter`. `/_accidents` is what `Emulator` has methods for.
"""

import hashlib
import json
import os
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

type Message = dict[str, Any]
type Queue = dict[str, Any]
type Answer = tuple[int, dict[str, str], bytes]
type Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Coroutine[Any, Any, Answer]]

METERED = ("dynamodb", "s3", "sqs", "secretsmanager")
DYNAMODB_READS = ("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan")
# The account's root, with which tests and benchmarks look at the stack.
NOT_BILLED = "Credential=test/"


by_event = ContextVar("by_event", default=False)
"""Whether a file's event invokes the function."""
turns = threading.BoundedSemaphore(8)
"""Of 200 uploads at once each would start a process, and wait for it longer than for one that is there already."""


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


class UnpackedOnce(zipfile.ZipFile):
    """What a function consists of, 200 MB of it, lies on the disk once, and not once for each of its processes.

    Nobody writes there, as nobody can in AWS.
    """

    unpacking = threading.Lock()

    def namelist(self) -> list[str]:
        """The emulator looks each up for whether it leads out of the folder, which takes longer than all else."""
        return []

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        contents = repr([(each.filename, each.CRC) for each in self.infolist()]).encode()
        whole = Path(tempfile.gettempdir(), f"ministack-unpacked-{hashlib.sha256(contents).hexdigest()}")
        with self.unpacking:
            if not whole.exists():
                super().extractall(whole.with_suffix(".part"), members or self.infolist(), pwd)
                whole.with_suffix(".part").rename(whole)
        for each in whole.iterdir():
            Path(path, each.name).symlink_to(each)


def main() -> None:
    sys.path.append(str(Path(__file__).parents[2]))
    from ministack import app  # type: ignore[import-not-found]  # in the emulator's environment only
    from ministack.core import lambda_runtime  # type: ignore[import-not-found]
    from ministack.services import cognito, lambda_svc, s3, sqs  # type: ignore[import-not-found]

    from tests.stack import emulated_cloudfront
    from tests.stack.aws_accidents import Accidents, accident_prone, an_hour_later

    # It has been read, and functions inherit the environment: Powertools would take it for their own level.
    os.environ.pop("LOG_LEVEL", None)

    if port := os.environ.get("PAGE_PORT"):
        emulated_cloudfront.install(int(port), os.environ.get("PAGE_CERTIFICATE"))

    accidents = Accidents()
    collect_oldest_first = sqs._collect_msgs

    def collect(queue: Queue, limit: int, visibility_timeout: int) -> list[Message]:
        if not queue["is_fifo"]:
            fairest = fairest_first(queue["messages"], time.time())
            queue = {**queue, "messages": accidents.out_of_order(fairest)}
        messages: list[Message] = collect_oldest_first(queue, limit, visibility_timeout)
        return messages

    sqs._collect_msgs = collect

    # It waits 50 ms after every invocation for a first line of the log, which most never write. What a function wrote
    # before it answered is in the pipe by then.
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": UnpackedOnce})
    worker = lambda_runtime.Worker
    worker._drain_stderr_bounded = partialmethod(worker._drain_stderr_bounded, first_line_wait=0.005)

    execute = lambda_svc._execute_function

    def execute_in_turn(*invocation: Any) -> Any:
        if not by_event.get():
            return execute(*invocation)
        with turns:
            return execute(*invocation)

    lambda_svc._execute_function = execute_in_turn
    deliver_event = s3._deliver_event_to_lambda

    def deliver(*event: Any) -> None:
        """In a thread of its own, and so is what it begins, with the context of this one."""
        by_event.set(True)
        if accidents.happens("s3_event:late"):
            time.sleep(accidents.seconds(10.0))
        deliver_event(*event)
        if accidents.happens("s3_event:twice"):
            time.sleep(accidents.seconds(10.0))
            deliver_event(*event)

    s3._deliver_event_to_lambda = deliver

    confirm_sign_up = cognito._confirm_sign_up

    def confirm_mailbox(asked: dict[str, str]) -> Any:
        """Whoever has the code that was sent there has the mailbox, which the emulator does not note:
        https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
        """
        answer = confirm_sign_up(asked)
        if answer[0] == 200:
            pool, _ = cognito._pool_for_client(asked["ClientId"])
            user, _ = cognito._resolve_user(pool, asked["Username"])
            verified = [{"Name": "email_verified", "Value": "true"}]
            user["Attributes"] = cognito._merge_attributes(user["Attributes"], verified)
        return answer

    cognito._confirm_sign_up = confirm_mailbox

    invoke = worker.invoke

    def invoke_perilously(self: Any, *event: Any, **details: Any) -> Any:
        with accidents.befalling(self):
            return invoke(self, *event, **details)

    worker.invoke = invoke_perilously

    meter = Meter()
    for service in METERED:
        handler = metered(service, app.SERVICE_HANDLERS[service], meter)
        app.SERVICE_HANDLERS[service] = accident_prone(service, handler, accidents, operation_of, NOT_BILLED)
    serve = app.app

    def play(method: str, body: bytes) -> bytes:
        wanted = json.loads(body or b"{}")
        match method, wanted.pop("do", None):
            case "POST", "begin":
                accidents.begin(**wanted)
            case "POST", "cease":
                accidents.cease()
            case "POST", "an hour later":
                an_hour_later(dict(sqs._queues.all_items()), time.time())
            case "POST", "start anew":
                for function in wanted["functions"]:
                    lambda_runtime.invalidate_worker(function)
            case "POST", "running":
                return json.dumps(lambda_svc.executions_in_flight()[0]).encode()
        return accidents.to_json()

    async def with_controls(scope: dict[str, Any], receive: Any, send: Any) -> None:
        match scope["type"], scope.get("path"):
            case "http", "/_meter":
                body = meter.to_json()
                if scope["method"] == "DELETE":
                    meter.reset()
            case "http", "/_accidents":
                asked = await receive()
                body = play(scope["method"], asked.get("body", b""))
            case _:
                await serve(scope, receive, send)
                return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    app.app = with_controls
    app.main()


if __name__ == "__main__":
    main()
