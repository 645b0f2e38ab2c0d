"""One run: 300 images, the chaos around them, the drain, and what is true then."""

from __future__ import annotations

import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.tenant import WORKER
from tests.chaos.customers import Customers
from tests.chaos.script import AWS, LONGEST_DELAY, Script, script
from tests.chaos.tables import Tables
from tests.chaos.verdict import violations
from tests.emf import series_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stack.local_stack import LocalStack

USERS = 6
CREDITS = 100_000
AT_ONCE = 4
"""Requests."""

HUGGING_FACE_SECONDS = 0.3
MOST_SECONDS = 600.0
"""Of a run, besides the start of the stack."""

COUNTED = ("DeadLetters", "Abandoned", "JobsRequeued", "HuggingFaceAnswers", "HuggingFaceRepeats", "ColdStarts")
"""Metrics of the stack that are told of; what a killed function counted is lost."""


@dataclass(slots=True)
class Drain:
    seconds: float
    hours: int
    """that were let pass"""


def run(stack: LocalStack, seed: int) -> tuple[dict[str, Any], list[str]]:
    """The figures, and what does not hold."""
    deadline = time.monotonic() + MOST_SECONDS
    played = script(seed, users=USERS)
    users = [stack.sign_up(f"user{number}-{secrets.token_hex(4)}@example.com") for number in range(USERS)]
    tables = Tables(stack, {user.user_id for user in users})
    customers = Customers(stack, users, seed)
    stack.hugging_face.reset()
    stack.hugging_face.set_latency(HUGGING_FACE_SECONDS)
    stack.hugging_face.set_chance(seed)
    started, begun = time.monotonic(), time.time()
    with ThreadPoolExecutor(AT_ONCE) as threads, closing(customers):
        stack.emulator.begin_accidents(AWS, seed=seed, longest_delay=LONGEST_DELAY)
        with stack.paused(WORKER):
            for number, _ in enumerate(threads.map(customers.carry_out, played.before), start=1):
                if number % 20 == 0:
                    _say(started, f"{number} of {len(played.before)} orders are in")
            in_flight = sum(not job.has_ended for job in tables.jobs())
            _say(started, f"{in_flight} images are in flight")
        meanwhile = [threads.submit(customers.carry_out, order) for order in played.meanwhile]
        _play(stack, played, tables, started)
        wait(meanwhile)
    stack.emulator.cease_accidents()
    stack.hugging_face.forget_faults()
    ended = time.monotonic()
    drain = _drain(stack, tables, deadline, lambda text: _say(started, text))
    broken = list(violations(stack, tables, customers.told, users, granted=CREDITS))
    figures = {
        "images": len(tables.jobs()),
        "in_flight_at_once": in_flight,
        "seconds_of_chaos": round(ended - started),
        "seconds_to_drain": round(drain.seconds),
        "hours_let_pass": drain.hours,
        "phases": [phase.name for phase in played.phases],
        "ended": _counts(job.status for job in tables.jobs()),
        "failures": _counts(job.failure.code for job in tables.jobs() if job.failure),
        "attempts": _counts(str(job.attempts) for job in tables.jobs()),
        "answers": dict(sorted(customers.told.answers.items())),
        "given_up_by_callers": customers.told.given_up,
        "hugging_face_calls": _counts(str(each.call) for each in stack.hugging_face.requests),
        "hugging_face_faults": _counts(each.fault for each in stack.hugging_face.requests if each.fault),
        "aws_accidents": dict(sorted(stack.emulator.accidents().items())),
        "metrics": _metrics(stack, since=begun),
        "violations": broken,
    }
    return figures, broken


def _play(stack: LocalStack, played: Script, tables: Tables, started: float) -> None:
    begun = time.monotonic()
    for phase in played.phases:
        time.sleep(max(0.0, begun + phase.start - time.monotonic()))
        stack.hugging_face.forget_faults()
        stack.hugging_face.play(*phase.faults)
        _say(started, f"{phase.name}; {tables.open()} jobs and batches are open")
    time.sleep(max(0.0, begun + played.seconds - time.monotonic()))


def _drain(stack: LocalStack, tables: Tables, deadline: float, say: Callable[[str], None]) -> Drain:
    """Until nothing is open and nothing waits. What only waits for time to pass gets it, an hour at once."""
    started, hours = time.monotonic(), 0
    while time.monotonic() < deadline:
        is_quiet = stack.emulator.running() == 0 and not any(tables.messages(hidden=False).values())
        if is_quiet:
            if not tables.open() and not any(tables.messages(hidden=True).values()):
                break
            say(f"{tables.open()} jobs and batches are open; an hour passes")
            tables.an_hour_later()
            hours += 1
            stack.invoke("ReconcileFunction", {})
        time.sleep(1)
    return Drain(time.monotonic() - started, hours)


def _metrics(stack: LocalStack, *, since: float) -> dict[str, int]:
    logs = stack.emulator.client("logs").get_paginator("filter_log_events")
    lines = [
        event["message"]
        for group in stack.log_groups().values()
        for page in logs.paginate(logGroupName=group, startTime=int(since * 1000))
        for event in page["events"]
    ]
    totals = {name: sum(values) for (_, name, dimensions), values in series_in(lines).items() if len(dimensions) == 1}
    return {name: int(totals.get(name, 0)) for name in COUNTED}


def _counts(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(map(str, values)).items()))


def _say(started: float, text: str) -> None:
    print(f"{time.monotonic() - started:5.0f} s  {text}", file=sys.stderr, flush=True)
