"""Whether a model may be asked: its breaker, which all containers share, and how often one of them may repeat."""

from __future__ import annotations

import math
import random
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from background_remover.domain.breaker import PAUSES, WINDOW, Breaker
from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceUnavailableError,
)
from background_remover.gateways.hugging_face.courses import COURSES, Evidence

if TYPE_CHECKING:
    from background_remover.domain.tiers import Model

FRESH_SECONDS = 2.0
"""How long a container believes what it has read of the breaker: so a request costs one read at most, a busy
container's fewer."""

SHORTEST_PROBE = 5.0
"""Seconds; with less time nobody asks whether Hugging Face works again."""

FIRST_REPEATS = 2
MOST_REPEATS = 10
ANSWERS_FOR_A_REPEAT = 10
"""What a container may repeat of a model's calls: two at first, and one more for each ten answers; ten are saved at
most. So repeats are a tenth of calls, and none where nothing is answered."""

_WRITES = 5


class BreakerStates(Protocol):
    """Where breakers are kept, as `ModelStates` does."""

    def breaker(self, model: Model) -> tuple[Breaker, int]: ...

    def replace_breaker(self, model: Model, breaker: Breaker, *, version: int) -> bool: ...


class OwnStates:
    """For a client that shares its breakers with nobody."""

    def __init__(self) -> None:
        self._kept: dict[Model, tuple[Breaker, int]] = {}

    def breaker(self, model: Model) -> tuple[Breaker, int]:
        return self._kept.get(model, (Breaker(), 0))

    def replace_breaker(self, model: Model, breaker: Breaker, *, version: int) -> bool:
        if self.breaker(model)[1] != version:
            return False
        self._kept[model] = breaker, version + 1
        return True


class Gate:
    """Of one model; safe to share between threads. `now` in seconds since 1970; `count` as of `Transport`.

    Where the breaker can be neither read nor written it is taken for closed: it shall not be what fails.
    """

    def __init__(
        self, model: Model, states: BreakerStates, *, now: Callable[[], float], count: Callable[[str], None]
    ) -> None:
        self._model = model
        self._states = states
        self._now = now
        self._count = count
        self._lock = threading.RLock()
        self._seen: tuple[Breaker, int] = Breaker(), 0
        self._seen_at = -math.inf
        self._earned = FIRST_REPEATS * ANSWERS_FOR_A_REPEAT
        self._answered_at: deque[float] = deque()

    # ---- a whole inference ---------------------------------------------------------------------------------

    def require_open(self) -> None:
        """Raises, as `passing` does, where nobody may ask now."""
        if not self._breaker().lets_through(self._now()):
            self._turn_away()

    @contextmanager
    def passing(self, *, seconds: float, asks: bool) -> Iterator[None]:
        """What goes on inside has so many seconds, and says by its end whether Hugging Face works again.

        `asks`: it asks for something new, and does not only look after what is paid for, which goes on always. Raises
        `InferenceUnavailableError`, or `InferenceMisconfiguredError` where that is why nobody may ask.
        """
        # Who dies meanwhile, or loses the job's lease, leaves the breaker as it is: soon somebody else may ask.
        prober = self._enter(seconds) if asks else None
        try:
            yield
        except InferenceError as error:
            self._learn(COURSES[type(error)].evidence, prober, getattr(error, "retry_after", 0.0))
            raise
        self._learn(Evidence.ANSWER, prober)

    def _enter(self, seconds: float) -> str | None:
        """The name of the one that asks whether it works again, None where the breaker is closed."""
        if not self._breaker().is_open:
            return None
        prober = secrets.token_hex(8)

        def taken(breaker: Breaker) -> Breaker:
            now = self._now()
            if breaker.is_open and breaker.lets_through(now) and seconds >= SHORTEST_PROBE:
                return breaker.probed_by(prober, now, seconds=seconds + 1)
            return breaker

        breaker = self._changed(taken)
        if not breaker.is_open:
            return None
        if breaker.prober != prober:
            self._turn_away()
        return prober

    def _turn_away(self) -> None:
        self._count("HuggingFaceBreakerOpen")
        breaker = self._seen[0]
        left = breaker.until - self._now()
        # Most that ask are answered long before their time is over. And not all that wait shall come at once.
        pause = max(0.0, min(left, PAUSES[0]) if breaker.prober else left) + random.uniform(0, PAUSES[0])
        if breaker.cause == "misconfigured":
            raise InferenceMisconfiguredError("Hugging Face refused our configuration a moment ago.", retry_after=pause)
        raise InferenceUnavailableError("Hugging Face failed too often a moment ago.", retry_after=pause)

    def _learn(self, evidence: Evidence, prober: str | None, wait: float = 0.0) -> None:
        match evidence:
            case Evidence.OPENS:
                self._count("HuggingFaceMisconfigured")
                self._changed(lambda breaker: breaker.refused(self._now(), wait=wait))
            case Evidence.FAILURE if prober:
                self._changed(lambda breaker: breaker.probe_failed(prober, self._now(), wait=wait))
            case Evidence.ANSWER if prober:
                self._changed(lambda breaker: breaker.probe_answered(prober))

    # ---- each exchange -------------------------------------------------------------------------------------

    def answered(self) -> None:
        with self._lock:
            now = self._now()
            self._earned = min(MOST_REPEATS * ANSWERS_FOR_A_REPEAT, self._earned + 1)
            self._answered_at.append(now)
            self._forget_answers(now)

    def failed(self, wait: float) -> None:
        """Tells the others. Answers are told of only here, with the failure, so that nothing is written in health."""
        with self._lock:
            now = self._now()

            def counted(breaker: Breaker) -> Breaker:
                answered = sum(at >= breaker.window_from for at in self._answered_at)
                return breaker.failed(now, answered=answered, wait=wait)

            self._changed(counted)
            self._answered_at.clear()

    def may_repeat(self) -> bool:
        """Takes one of the repeats that are left."""
        with self._lock:
            if self._breaker().is_open or self._earned < ANSWERS_FOR_A_REPEAT:
                return False
            self._earned -= ANSWERS_FOR_A_REPEAT
            return True

    def _forget_answers(self, now: float) -> None:
        while self._answered_at and self._answered_at[0] <= now - WINDOW:
            self._answered_at.popleft()

    # ---- what is shared ------------------------------------------------------------------------------------

    def _breaker(self) -> Breaker:
        with self._lock:
            if not 0 <= self._now() - self._seen_at < FRESH_SECONDS:
                self._read()
            return self._seen[0]

    def _read(self) -> None:
        try:
            self._seen = self._states.breaker(self._model)
        except (BotoCoreError, ClientError):
            self._seen = Breaker(), 0
        self._seen_at = self._now()

    def _changed(self, change: Callable[[Breaker], Breaker]) -> Breaker:
        """The breaker after the change, which may come to nothing where many write: then the next one will not."""
        with self._lock:
            self._breaker()
            for _ in range(_WRITES):
                before, version = self._seen
                after = change(before)
                if after == before:
                    break
                try:
                    is_written = self._states.replace_breaker(self._model, after, version=version)
                except (BotoCoreError, ClientError):
                    break
                if is_written:
                    self._seen, self._seen_at = (after, version + 1), self._now()
                    if after.is_open and not before.is_open:
                        self._count("HuggingFaceBreakerOpened")
                    break
                self._read()
            return self._seen[0]
