"""How long a request may wait for what it asks about: `Prefer: wait=20`, or `?wait=20` of a GET."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from background_remover.use_cases.wait import wait_for

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job
    from background_remover.http.messages import Request
    from background_remover.http.request_limits import RequestLimits

LONGEST_WAIT = 20
"""Seconds. API Gateway gives up after 29, in which a cold start counts as well."""

ANSWER_SECONDS = 2.0
"""Kept free of the wait, for the answer."""


def ended[Thing: (Job, Batch)](
    read: Callable[[], Thing],
    request: Request,
    limits: RequestLimits,
    *,
    wait: int | None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Thing, dict[str, str]]:
    """The job or batch, if need be after a wait for its end, and the header that says that the wait was granted.

    `wait` is what the query says. Whoever keeps as many functions busy as one may is answered at once.
    """
    thing, wanted = read(), request.wait if wait is None else wait
    if wanted is None:
        return thing, {}
    seconds = min(wanted, LONGEST_WAIT)
    if seconds and not thing.has_ended:
        if not limits.take_place(request):
            return thing, {}
        thing = wait_for(
            read,
            lambda found: found.has_ended,
            seconds=min(seconds, request.remaining_seconds() - ANSWER_SECONDS),
            clock=clock,
            sleep=sleep,
        )
    return thing, applied(seconds)


class Patience:
    """How long a removal may take: as long as the function may, or the shorter time that the caller prefers.

    `spare` seconds are kept free for what comes after each wait.
    """

    def __init__(
        self,
        request: Request,
        *,
        spare: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._request = request
        self._spare = spare
        self._clock = clock
        self._sleep = sleep
        self.seconds = None if request.wait is None else min(request.wait, LONGEST_WAIT)
        self._until = None if self.seconds is None else clock() + self.seconds

    def left(self) -> float:
        left = self._request.remaining_seconds() - self._spare
        return left if self._until is None else min(left, self._until - self._clock())

    def await_worker(self, job: Job, read: Callable[[], Job]) -> Job:
        """The job as it is when what is left of the preferred wait is over; at once without a preference, or place."""
        if not self.seconds or job.has_ended or self._request.has_no_place:
            return job
        return wait_for(read, lambda found: found.has_ended, seconds=self.left(), clock=self._clock, sleep=self._sleep)

    @property
    def applied(self) -> dict[str, str]:
        """The header that says that the wait was granted."""
        return {} if self.seconds is None or self._request.has_no_place else applied(self.seconds)


def applied(seconds: int) -> dict[str, str]:
    return {"Preference-Applied": f"wait={seconds}"}
