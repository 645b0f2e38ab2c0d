from types import SimpleNamespace
from typing import Any, cast

import pytest

from background_remover.domain.jobs import Job
from background_remover.http.messages import Request
from background_remover.http.waiting import Patience
from background_remover.use_cases.wait import LONGEST_PAUSE, wait_for


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


def removal(clock: Clock, *, prefer: str = "", lives: float = 26) -> Request:
    until = clock.now + lives
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 1000 * (until - clock.now))
    event = {
        "httpMethod": "POST",
        "resource": "/remove",
        "headers": {"Prefer": prefer},
        "requestContext": {"requestId": "r"},
    }
    return Request(event, context)


def test_it_reads_ever_less_often_and_never_beyond_its_time() -> None:
    clock = Clock()

    seen = wait_for(lambda: clock.now, lambda _: False, seconds=20, clock=clock, sleep=clock.sleep)

    assert seen == clock.now == 120
    assert clock.pauses[0] == 0.25
    assert max(clock.pauses) == LONGEST_PAUSE
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])
    assert len(clock.pauses) + 1 == 15  # Reads.


def test_it_ends_with_what_it_waits_for() -> None:
    clock = Clock()

    seen = wait_for(lambda: clock.now, lambda now: now > 101, seconds=20, clock=clock, sleep=clock.sleep)

    assert 101 < seen == clock.now < 103


@pytest.mark.parametrize("seconds", [0, -3])
def test_without_time_it_reads_once(seconds: float) -> None:
    clock = Clock()
    wait_for(lambda: 1, lambda _: False, seconds=seconds, clock=clock, sleep=clock.sleep)
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("prefer", "left"), [("", 17), ("wait=5", 5), ("wait=600", 17), ("wait=0", 0), ("respond-async, wait=3", 3)]
)
def test_a_removal_has_the_time_that_is_preferred_but_no_more_than_there_is(prefer: str, left: float) -> None:
    clock = Clock()
    patience = Patience(removal(clock, prefer=prefer), spare=9, clock=clock, sleep=clock.sleep)
    assert patience.left() == left


def test_what_a_removal_took_is_not_waited_for_again() -> None:
    clock = Clock()
    patience = Patience(removal(clock, prefer="wait=10"), spare=9, clock=clock, sleep=clock.sleep)
    waiting = cast("Job", SimpleNamespace(has_ended=False))
    clock.now += 7

    patience.await_worker(waiting, lambda: waiting)

    assert clock.now == 110


@pytest.mark.parametrize("prefer", ["", "respond-async", "wait=0"])
def test_without_the_preference_nobody_waits_for_the_worker(prefer: str) -> None:
    clock = Clock()
    patience = Patience(removal(clock, prefer=prefer), spare=9, clock=clock, sleep=clock.sleep)
    waiting = cast("Job", SimpleNamespace(has_ended=False))

    assert patience.await_worker(waiting, lambda: waiting) is waiting
    assert clock.pauses == []
