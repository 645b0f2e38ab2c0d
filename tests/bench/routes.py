"""What the API's routes take inside their functions, warm, and what DynamoDB bills for each.

`python -m tests.bench.routes CALLS` prints it as JSON; the environment is the functions', USER_ID's account is used.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from background_remover import clients
from tests.bench.figures import Figure, figure
from tests.bench.fresh_process import last_line

if TYPE_CHECKING:
    from tests.bench.part import Means
    from tests.stack.local_stack import LocalStack

TIMED = {"GET jobs/{jobId}": "job", "GET credits": "credits", "POST pricing/calculate": "pricing"}
"""Routes whose time is measured, by the name of their figures."""
FILE = {"fileName": "a.jpg", "contentType": "image/jpeg", "size": 1000}
READS = ("GetItem", "Query", "BatchGetItem")


def measure(means: Means) -> dict[str, Figure]:
    with means.stack() as stack:
        measured = _in_a_fresh_process(stack, means.sizes.warm_calls)
    figures = {}
    for name in TIMED.values():
        milliseconds = [1000 * each for each in measured["seconds"][name]]
        figures[f"warm_p50_ms_{name}"] = figure(milliseconds, "ms")
        parts = [milliseconds[start::3] for start in range(3)]
        figures[f"warm_p99_ms_{name}"] = figure([statistics.quantiles(part, n=100)[98] for part in parts], "ms")
    for route, units in measured["units"].items():
        for kind, number in units.items():
            figures[f"dynamodb_{kind}_units {route}"] = figure([number], "units")
    return figures


def _in_a_fresh_process(stack: LocalStack, warm_calls: int) -> dict[str, Any]:
    environment = {name: value for each in stack.function_environments().values() for name, value in each.items()}
    output = last_line(
        "tests.bench.routes", str(warm_calls), stack=stack, environment=environment, email="routes@example.com"
    )
    measured: dict[str, Any] = json.loads(output)
    return measured


class Routes:
    def __init__(self) -> None:
        self.units: Counter[str] = Counter()
        self._functions: dict[str, Any] = {}
        clients.session().register("provide-client-params.dynamodb", self._ask_for_units)
        clients.session().register("after-call.dynamodb", self._count_units)

    def call(self, function: str, route: str, *, body: Any = None, **path: str) -> dict[str, Any]:
        """The answer's JSON; {} where it has none."""
        if function not in self._functions:
            self._functions[function] = importlib.import_module(f"functions.{function}.app")
        method, resource = route.split()
        event = {
            "httpMethod": method,
            "resource": f"/api/background-remover/{resource}",
            "headers": {"Content-Type": "application/json"},
            "multiValueQueryStringParameters": None,
            "pathParameters": path,
            "requestContext": {"requestId": "bench", "authorizer": {"userId": os.environ["USER_ID"]}},
            "body": json.dumps(body) if body else None,
        }
        answer = self._functions[function].handler(event, _context())
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{route}: {answer['statusCode']} {answer['body']}")
        return dict(json.loads(answer["body"] or "{}"))

    def units_of(self, function: str, route: str, *, body: Any = None, **path: str) -> dict[str, float]:
        """Of one call."""
        self.units.clear()
        self.call(function, route, body=body, **path)
        return {kind: self.units[kind] for kind in ("read", "write")}

    def _ask_for_units(self, **call: Any) -> None:
        call["params"]["ReturnConsumedCapacity"] = "TOTAL"

    def _count_units(self, **call: Any) -> None:
        consumed = call["parsed"].get("ConsumedCapacity", [])
        for each in consumed if isinstance(consumed, list) else [consumed]:
            self.units["read" if call["model"].name in READS else "write"] += each["CapacityUnits"]


def _context() -> SimpleNamespace:
    return SimpleNamespace(
        function_name="bench",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:bench",
        aws_request_id="bench",
        get_remaining_time_in_millis=lambda: 10_000,
    )


def run(warm_calls: int) -> dict[str, Any]:
    routes = Routes()
    upload = {"tier": "basic", "contentType": "image/jpeg"}
    routes.call("credits", "GET credits")
    job = routes.call("uploads", "POST uploads", body=upload)["jobId"]
    manifest = {"tier": "basic", "files": [FILE] * 10}
    batch = routes.call("batch", "POST batch", body=manifest)["batchId"]
    quote = {"totalImages": 33, "tier": "basic"}
    timed: dict[str, Callable[[], object]] = {
        "job": lambda: routes.call("jobs", "GET jobs/{jobId}", jobId=job),
        "credits": lambda: routes.call("credits", "GET credits"),
        "pricing": lambda: routes.call("pricing", "POST pricing/calculate", body=quote),
    }
    seconds: dict[str, list[float]] = {}
    for name, call in timed.items():
        for _ in range(20):
            call()
        seconds[name] = [_seconds(call) for _ in range(warm_calls)]
    units = {
        "POST uploads": routes.units_of("uploads", "POST uploads", body=upload),
        "POST batch of 10": routes.units_of("batch", "POST batch", body=manifest),
        "GET batch/{batchId}": routes.units_of("batch", "GET batch/{batchId}", batchId=batch),
        "POST batch/{batchId}/cancel": routes.units_of("batch", "POST batch/{batchId}/cancel", batchId=batch),
        "GET jobs": routes.units_of("jobs", "GET jobs"),
        "GET jobs/{jobId}": routes.units_of("jobs", "GET jobs/{jobId}", jobId=job),
        "DELETE jobs/{jobId}": routes.units_of("jobs", "DELETE jobs/{jobId}", jobId=job),
        "GET credits": routes.units_of("credits", "GET credits"),
        "GET subscription": routes.units_of("subscription", "GET subscription"),
        "POST pricing/calculate": routes.units_of("pricing", "POST pricing/calculate", body=quote),
        "GET stats": routes.units_of("stats", "GET stats"),
        "GET api-keys": routes.units_of("api_keys", "GET api-keys"),
        "POST api-keys": routes.units_of("api_keys", "POST api-keys", body={"name": "bench"}),
    }
    return {"seconds": seconds, "units": units}


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
