"""One way to a matte, whichever dialect the model's route speaks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from background_remover.domain.errors import InferenceMisconfiguredError, InvalidMatteError
from background_remover.domain.tiers import require_served
from background_remover.gateways.hugging_face import endpoint
from background_remover.gateways.hugging_face.fal_queue import FalQueue
from background_remover.gateways.hugging_face.transport import Transport

if TYPE_CHECKING:
    from background_remover.domain.jobs import Submission
    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.secret import Secret


class HuggingFace:
    """Safe to share between threads. `clock` and `sleep` in seconds, `now` in seconds since 1970.

    `measure` is told what was counted of a model's answers, by the names of our metrics.
    """

    def __init__(
        self,
        routes: Mapping[Model, ModelRoute],
        token: Secret,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        measure: Callable[[Model, Mapping[str, int]], None] | None = None,
    ) -> None:
        self._routes = routes
        self._clock = clock
        self._now = now
        self._counts: dict[Model, Counter[str]] = {model: Counter() for model in routes}
        self._counting = Lock()
        self._measure = measure
        self._transports = {
            model: Transport(token, clock=clock, sleep=sleep, count=partial(self._count, model)) for model in routes
        }
        self._shut_until: dict[Model, float] = {}

    def route(self, model: Model) -> ModelRoute:
        """Raises `TierUnavailableError`."""
        require_served(model, self._routes)
        return self._routes[model]

    def infer[Matte](
        self,
        model: Model,
        photo: EncodedPhoto,
        read: Callable[[bytes], Matte],
        *,
        seconds: float,
        submission: Submission | None = None,
        on_submission: Callable[[Submission], None],
    ) -> Matte:
        """What `read` makes of the encoded image that carries the photo's matte, within `seconds`.

        `read` raises `InvalidMatteError` for an image that is no matte of this photo; it is asked for once more before
        that is raised. `submission` is what `on_submission` was told of last, in whatever call: what waits in the queue
        is polled instead of being sent, and paid for, again. For the whole list of errors see `verdict.raise_for`.
        """
        route = self.route(model)
        transport = self._transports[model]
        deadline = self._clock() + seconds
        with self._measured(model), self._circuit_breaker(model):
            if route.dialect == "fal_queue":
                queue = FalQueue(
                    transport=transport,
                    route=route,
                    deadline=deadline,
                    on_submission=on_submission,
                    now=self._now,
                )
                waiting = queue.submit(photo, submission)
                queue.await_completion(waiting)
                fetch = partial(queue.image, waiting)
            else:
                fetch = partial(endpoint.infer, transport, route, photo, deadline=deadline)
            try:
                return read(fetch())
            except InvalidMatteError:
                # Neither is billed: fal bills the submission, a dedicated endpoint by the hour.
                return read(fetch())

    @contextmanager
    def _circuit_breaker(self, model: Model) -> Iterator[None]:
        """After an operator's fault nothing is sent for the model for a while, so that nobody hammers it."""
        shut_for = self._shut_until.get(model, 0.0) - self._clock()
        if shut_for > 0:
            self._count(model, "HuggingFaceBreakerOpen")
            raise InferenceMisconfiguredError(
                "Hugging Face refused our configuration a moment ago.", retry_after=shut_for
            )
        try:
            yield
        except InferenceMisconfiguredError as error:
            self._count(model, "HuggingFaceMisconfigured")
            self._shut_until[model] = self._clock() + error.retry_after
            raise

    def _count(self, model: Model, metric: str) -> None:
        with self._counting:
            self._counts[model][metric] += 1

    @contextmanager
    def _measured(self, model: Model) -> Iterator[None]:
        """One line for an inference, not for each poll. Inferences of one model that go on at the same time share what
        was counted."""
        try:
            yield
        finally:
            with self._counting:
                counted, self._counts[model] = self._counts[model], Counter()
            if counted and self._measure:
                self._measure(model, counted)
