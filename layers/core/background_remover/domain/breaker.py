"""The breaker of a model: while Hugging Face fails for it, nobody asks, and one asks whether it works again.

closed → open (many answers fail, or one refuses our configuration) → closed (one that asked was answered)
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

WINDOW = 60
"""Seconds in which answers are counted together, from a failure on: what was answered before says nothing of now."""

FEWEST = 10
"""Answers in a window, of which one can tell anything."""

SHARE = 0.5
"""Of a window's answers; so many failures open the breaker."""

PAUSES = (10, 20, 40, 60)
"""Seconds after which somebody may ask: after it opened, and each time somebody asked in vain; the last for ever."""

Cause = Literal["failing", "misconfigured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`now` and all instants in seconds since 1970.

    `cause`: why it is open, None while it is closed. `until`: nobody asks before, be it a pause or the time of the one
    that asks, the `prober`. `vain`: how many asked in vain since it opened.
    """

    window_until: int = 0
    answers: int = 0
    failures: int = 0
    cause: Cause | None = None
    until: int = 0
    vain: int = 0
    prober: str | None = None

    @property
    def window_from(self) -> int:
        return self.window_until - WINDOW

    @property
    def is_open(self) -> bool:
        return self.cause is not None

    def lets_through(self, now: float) -> bool:
        """Whether it is closed, or somebody may ask whether Hugging Face works again."""
        return not self.is_open or now >= self.until

    def failed(self, now: float, *, answered: int, wait: float) -> "Breaker":
        """After a failure that asks for a `wait`, and so many answers in the window that nobody has counted yet."""
        if self.is_open:
            return self
        if now >= self.window_until:
            return Breaker(window_until=math.floor(now) + WINDOW, answers=1, failures=1)
        counted = replace(self, answers=self.answers + answered + 1, failures=self.failures + 1)
        if counted.answers < FEWEST or counted.failures < SHARE * counted.answers:
            return counted
        return Breaker(cause="failing", until=_after(now, PAUSES[0], wait))

    def refused(self, now: float, *, wait: float) -> "Breaker":
        """After an answer that refuses our configuration, whoever got it: that will not pass by itself."""
        if self.cause == "misconfigured" and self.prober is None and now < self.until:
            return self
        return Breaker(cause="misconfigured", until=_after(now, PAUSES[0], wait))

    def probed_by(self, prober: str, now: float, *, seconds: float) -> "Breaker":
        """Nobody else asks within the seconds that the prober has for it."""
        return replace(self, prober=prober, until=_after(now, seconds))

    def probe_failed(self, prober: str, now: float, *, wait: float) -> "Breaker":
        if self.prober != prober:
            return self
        vain = self.vain + 1
        pause = PAUSES[min(vain, len(PAUSES) - 1)]
        return Breaker(cause="failing", vain=vain, until=_after(now, pause, wait))

    def probe_answered(self, prober: str) -> "Breaker":
        return Breaker() if self.prober == prober else self


def _after(now: float, *seconds: float) -> int:
    return math.ceil(now + max(seconds))
