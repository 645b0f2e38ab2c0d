"""A minute of everything that users do, through the local stack: what each route takes, and what fails.

Requests go one after the other in each of a few clients, so it is the stack that says how many a second there are.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.bench.tenant import rich_user

if TYPE_CHECKING:
    from tests.bench.part import Means
    from tests.stack.local_stack import LocalStack

CLIENTS = 4
HUGGING_FACE_SECONDS = 0.2
SHARES = {
    "GET jobs/{jobId}": 8,
    "POST remove": 4,
    "GET jobs": 3,
    "GET credits": 3,
    "GET batch/{batchId}": 2,
    "POST uploads": 2,
    "POST jobs/{jobId}/render": 1,
    "POST pricing/calculate": 1,
    "GET subscription": 1,
    "GET stats": 1,
}
"""How often each route is asked, of 26 requests."""


def measure(means: Means) -> dict[str, Figure]:
    with means.stack() as stack:
        stack.hugging_face.set_latency(HUGGING_FACE_SECONDS)
        load = Load(stack)
        with ThreadPoolExecutor(CLIENTS) as threads:
            for route in SHARES:  # Cold starts.
                list(threads.map(load.ask, [route] * CLIENTS))
            load.forget()
            started = time.perf_counter()
            until = started + means.sizes.load_seconds
            list(threads.map(lambda seed: load.ask_until(until, random.Random(seed)), range(CLIENTS)))
            elapsed = time.perf_counter() - started
    every = [each.milliseconds for each in load.answers]
    by_route = {route: [each.milliseconds for each in load.answers if each.route == route] for route in SHARES}
    failures = sorted({each.failure for each in load.answers if each.failure})
    print(*failures, sep="\n", end="\n" if failures else "")
    figures = {
        "load_requests_per_second": figure([len(every) / elapsed], "1/s"),
        "load_errors": figure([sum(bool(each.failure) for each in load.answers)], "calls"),
    }
    for route, milliseconds in {**by_route, "all": every}.items():
        for percentile in (50, 95, 99):
            value = statistics.quantiles(milliseconds, n=100, method="inclusive")[percentile - 1]
            figures[f"load_p{percentile}_ms {route}"] = Figure(round(value, 1), "ms", spread=0.0, n=len(milliseconds))
    return figures


@dataclass(frozen=True, slots=True)
class Answer:
    """`at` in seconds since 1970; `status` is 0 where none came; `failure` is empty for what was asked for."""

    route: str
    at: float
    milliseconds: float
    status: int
    failure: str


class Load:
    """One user's requests; safe to share between threads."""

    def __init__(self, stack: LocalStack) -> None:
        self._routes = f"{stack.api_url}/api/background-remover"
        self._authorization = {"Authorization": f"Bearer {rich_user(stack, 'load@example.com').token}"}
        self._photo = small_jpeg()
        self._lock = threading.Lock()
        self.forget()
        self._job = self._send("POST", "remove?tier=basic", **self._file()).json()["jobId"]
        files = [{"fileName": "a.jpg", "contentType": "image/jpeg", "size": len(self._photo)}] * 10
        self._batch = self._send("POST", "batch", json={"tier": "basic", "files": files}).json()["batchId"]

    def forget(self) -> None:
        self.answers: list[Answer] = []

    def ask_until(self, until: float, chance: random.Random) -> None:
        """Each route at least once."""
        routes = chance.sample(list(SHARES), len(SHARES))
        while routes or time.perf_counter() < until:
            self.ask(routes.pop() if routes else chance.choices(list(SHARES), list(SHARES.values()))[0])

    def ask(self, route: str) -> None:
        started, status = time.perf_counter(), 0
        try:
            answer = self._calls()[route]()
            status = answer.status_code
            failure = "" if answer.ok else f"{route}: {status} {answer.text[:200]}"
        except requests.RequestException as error:
            failure = f"{route}: {type(error).__name__}"
        milliseconds = 1000 * (time.perf_counter() - started)
        with self._lock:
            self.answers.append(Answer(route, time.time(), milliseconds, status, failure))

    def _calls(self) -> dict[str, Callable[[], requests.Response]]:
        job, batch = self._job, self._batch
        return {
            "GET jobs/{jobId}": lambda: self._send("GET", f"jobs/{job}"),
            "POST remove": lambda: self._send("POST", "remove?tier=basic", **self._file()),
            "GET jobs": lambda: self._send("GET", "jobs"),
            "GET credits": lambda: self._send("GET", "credits"),
            "GET batch/{batchId}": lambda: self._send("GET", f"batch/{batch}"),
            "POST uploads": lambda: self._send("POST", "uploads", json={"tier": "basic"}),
            "POST jobs/{jobId}/render": lambda: self._send("POST", f"jobs/{job}/render", json={"crop": "5%"}),
            "POST pricing/calculate": lambda: self._send(
                "POST", "pricing/calculate", json={"totalImages": 33, "tier": "basic"}
            ),
            "GET subscription": lambda: self._send("GET", "subscription"),
            "GET stats": lambda: self._send("GET", "stats"),
        }

    def _file(self) -> dict[str, Any]:
        return {"data": self._photo, "headers": {"Content-Type": "image/jpeg", "Cache-Control": "no-cache"}}

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> Any:
        sent = {**self._authorization, **(headers or {})}
        return requests.request(method, f"{self._routes}/{path}", headers=sent, timeout=60, **request)
