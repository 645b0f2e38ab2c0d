"""One way to a matte, whichever dialect the model's route speaks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from background_remover.domain.inference_errors import InvalidMatteError
from background_remover.domain.tiers import require_served
from background_remover.gateways.hugging_face import endpoint
from background_remover.gateways.hugging_face.fal_queue import FalQueue
from background_remover.gateways.hugging_face.gate import Gate, OwnStates
from background_remover.gateways.hugging_face.transport import Transport

if TYPE_CHECKING:
    from background_remover.domain.jobs import Submission
    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.gate import BreakerStates
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.secret import Secret

WAKE_SECONDS = 5.0
WAIT_HEADER = "x-scale-up-timeout"
"""With it the answer comes when the endpoint has started."""


class HuggingFace:
    """Safe to share between threads. `clock` and `sleep` in seconds, `now` in seconds since 1970.

    `measure` is told what was counted of a model's answers, by the names of our metrics. `states`: where other clients
    find its breakers as well.
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
        states: BreakerStates | None = None,
    ) -> None:
        self._routes = routes
        self._clock = clock
        self._now = now
        self._counts: dict[Model, Counter[str]] = {model: Counter() for model in routes}
        self._counting = Lock()
        self._measure = measure
        states = states or OwnStates()
        self._gates = {model: Gate(model, states, now=now, count=partial(self._count, model)) for model in routes}
        self._transports = {
            model: Transport(token, clock=clock, sleep=sleep, count=partial(self._count, model), gate=gate)
            for model, gate in self._gates.items()
        }

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
        is polled instead of being sent, and paid for, again. For the whole list of errors see `courses.TABLE`.
        """
        route = self.route(model)
        transport = self._transports[model]
        deadline = self._clock() + seconds
        # What waits in the queue is polled whatever the breaker says, and what may not be sent yet asks for nothing.
        asks = submission is None or not (submission.status_url or submission.next_at > self._now())
        with self._measured(model), self._gates[model].passing(seconds=seconds, asks=asks):
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

    def require_open(self, model: Model) -> None:
        """Raises `InferenceUnavailableError` where the model's breaker lets nobody ask now."""
        with self._measured(model):
            self._gates[model].require_open()

    def may_sleep(self, model: Model) -> bool:
        """Dedicated endpoints do. Raises `TierUnavailableError`."""
        return self.route(model).dialect == "endpoint"

    def wake(self, model: Model) -> None:
        """Lets a dedicated endpoint start, without waiting for it.

        Any request wakes it, and one with nothing in it asks for no inference:
        https://huggingface.co/docs/inference-endpoints/guides/autoscaling. Raises what Hugging Face answers instead.
        """
        route = self.route(model)
        headers = {name: value for name, value in route.headers.items() if name.lower() != WAIT_HEADER}
        with self._measured(model):
            self._transports[model].knock(route.url, headers=headers, deadline=self._clock() + WAKE_SECONDS)

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
