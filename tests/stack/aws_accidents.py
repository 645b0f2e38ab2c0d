"""What happens to AWS now and then, played by the emulator on request: for its own Python, as `emulated_aws`.

Calls of functions and of who uploads fail, or are done although their answer is lost; messages and S3's events come
twice, late and in any order; processes of functions are killed. All of it by chance, from one seed; as calls come at
the same time, a seed gives the same shares again and not the same calls.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

type Answer = tuple[int, dict[str, str], bytes]

# Single writes meet a transaction that is under way as this error, transactions as a reason of their cancellation:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
DYNAMODB_ERROR = "com.amazonaws.dynamodb.v20120810#"
NOBODYS_ANSWER = 500, {"Content-Type": "text/plain"}, b"Internal Server Error"


class Accidents:
    """None at first. `shares` by accident: of how many calls, messages or events it happens to."""

    def __init__(self) -> None:
        self.played: Counter[str] = Counter()
        self._shares: dict[str, float] = {}
        self._chance = random.Random(0)
        self.longest_delay: float | None = None

    def begin(self, shares: Mapping[str, float], *, seed: int, longest_delay: float) -> None:
        """`longest_delay`: no message is delayed for more seconds than that."""
        self.played.clear()
        self._shares = dict(shares)
        self._chance = random.Random(seed)
        self.longest_delay = longest_delay

    def cease(self) -> None:
        self._shares = {}
        self.longest_delay = None

    def happens(self, accident: str) -> bool:
        """Whether it happens now; then it is counted."""
        happens = self._chance.random() < self._shares.get(accident, 0.0)
        self.played[accident] += happens
        return happens

    def seconds(self, most: float) -> float:
        return self._chance.uniform(0, most)

    def out_of_order(self, messages: list[Any]) -> list[Any]:
        if len(messages) < 2 or not self.happens("sqs:shuffled"):
            return messages
        return self._chance.sample(messages, len(messages))

    def refusal(self, service: str, operation: str, body: bytes) -> Answer | None:
        """What the call is answered with instead of being done."""
        if service == "dynamodb" and self.happens("dynamodb:throttled"):
            return _dynamodb_error("ProvisionedThroughputExceededException", "The level of throughput was exceeded")
        if service == "dynamodb" and operation == "TransactWriteItems" and self.happens("dynamodb:conflict"):
            actions = len(json.loads(body)["TransactItems"])
            met = self._chance.randrange(actions)
            reasons = [{"Code": "TransactionConflict" if number == met else "None"} for number in range(actions)]
            return _dynamodb_error("TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons)
        if service == "dynamodb" and operation in SINGLE_WRITES and self.happens("dynamodb:conflict"):
            return _dynamodb_error("TransactionConflictException", "Transaction is ongoing for the item")
        if service == "s3" and self.happens("s3:slow_down"):
            error = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
            return 503, {"Content-Type": "application/xml"}, error
        if service == "sqs" and self.happens("sqs:failed"):
            error = json.dumps({"__type": "com.amazonaws.sqs#InternalError", "message": "try again"}).encode()
            return 500, {"Content-Type": "application/x-amz-json-1.0"}, error
        return None

    def message(self, body: bytes) -> bytes:
        """A message as it is sent, no later than `longest_delay`."""
        if self.longest_delay is None:
            return body
        content = json.loads(body)
        return _delayed(content, min(content.get("DelaySeconds", 0), self.longest_delay))

    def message_again(self, body: bytes, most: float) -> bytes | None:
        """The message that is delivered a second time, within so many seconds."""
        return _delayed(json.loads(body), self.seconds(most)) if self.happens("sqs:twice") else None

    @contextmanager
    def befalling(self, worker: Any) -> Iterator[None]:
        """While the block lasts the process of one of the emulator's workers is at work, and may be killed.

        None that is only starting: the emulator would throw away all others of its function with it.
        """
        function = worker.func_name.split("-")[-2]
        share = self._shares.get(f"killed:{function}", self._shares.get("killed", 0.0))
        is_over = threading.Event()
        if share and self._chance.random() < share:
            # From a millisecond to three seconds: some die at once, some in the middle of it.
            after = 10 ** self._chance.uniform(-3.0, 0.5)
            threading.Thread(target=self._kill, args=(worker, function, after, is_over), daemon=True).start()
        try:
            yield
        finally:
            is_over.set()

    def _kill(self, worker: Any, function: str, after: float, is_over: threading.Event) -> None:
        while worker._start_time is None:
            if is_over.wait(0.01):
                return
        if not is_over.wait(after) and worker._start_time:
            worker._start_time = None  # Until the next one has started in its place.
            worker._proc.kill()
            self.played[f"killed:{function}"] += 1

    def to_json(self) -> bytes:
        return json.dumps(+self.played).encode()


def _delayed(content: dict[str, Any], seconds: float) -> bytes:
    return json.dumps({**content, "DelaySeconds": int(seconds)}).encode()


def _dynamodb_error(kind: str, message: str, **more: Any) -> Answer:
    body = {"__type": f"{DYNAMODB_ERROR}{kind}", "message": message, **more}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()


def accident_prone(
    service: str, handler: Callable[..., Any], accidents: Accidents, operation_of: Callable[..., str], spared: str
) -> Callable[..., Any]:
    """The handler of a service of the emulator's. `spared`: whoever signs with this is."""

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        if spared in headers.get("authorization", ""):
            answer: Answer = await handler(method, path, headers, body, query)
            return answer
        operation = operation_of(service, method, headers, query)
        if refused := accidents.refusal(service, operation, body):
            return refused
        if (service, operation) == ("sqs", "SendMessage"):
            body = accidents.message(body)
            if again := accidents.message_again(body, most=20.0):
                await handler(method, path, headers, again, query)
        answer = await handler(method, path, headers, body, query)
        return NOBODYS_ANSWER if accidents.happens(f"{service}:answer_lost") else answer

    return handle


def an_hour_later(queues: Mapping[str, Any], now: float) -> None:
    """Whatever message was delayed or in flight is to be had."""
    for queue in queues.values():
        for message in queue["messages"]:
            message["visible_at"] = min(message.get("visible_at", now), now)
