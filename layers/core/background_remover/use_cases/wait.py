"""Waiting for what others work on, so that no caller has to ask in a loop."""

from __future__ import annotations

from collections.abc import Callable

FIRST_PAUSE = 0.25
"""Seconds, as all here."""
GROWTH = 1.5
LONGEST_PAUSE = 2.0


def wait_for[Thing](
    read: Callable[[], Thing],
    is_done: Callable[[Thing], bool],
    *,
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Thing:
    """Reads again and again, ever less often, until it is done or the time is over; the thing as it was read last.

    Twenty seconds are 15 reads, at most.
    """
    until = clock() + seconds
    pause = FIRST_PAUSE
    thing = read()
    while not is_done(thing) and (left := until - clock()) > 0:
        sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE)
        thing = read()
    return thing
