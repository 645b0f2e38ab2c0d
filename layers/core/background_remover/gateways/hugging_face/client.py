"""One way to a matte, whichever dialect the model's route speaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from background_remover.domain.errors import InferenceMisconfiguredError, InvalidMatteError
from background_remover.domain.tiers import require_served
from background_remover.gateways.hugging_face import endpoint, fal_queue
from background_remover.gateways.hugging_face.transport import Transport

if TYPE_CHECKING:
    from background_remover.domain.jobs import Submission
    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.secret import Secret


class HuggingFace:
    """Safe to share between threads. `clock` and `sleep` in seconds."""

    def __init__(
        self,
        routes: Mapping[Model, ModelRoute],
        token: Secret,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._routes = routes
        self._clock = clock
        self._transport = Transport(token, clock=clock, sleep=sleep)
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

        `read` raises `InvalidMatteError` for an image that is no matte of this photo. About submissions see
        `fal_queue.infer`; for the whole list of errors see `verdict.raise_for`.
        """
        route = self.route(model)
        transport, deadline = self._transport, self._clock() + seconds
        with self._circuit_breaker(model):
            if route.dialect == "fal_queue":
                return read(
                    fal_queue.infer(
                        transport, route, photo, deadline=deadline, submission=submission, on_submission=on_submission
                    )
                )
            try:
                return read(endpoint.infer(transport, route, photo, deadline=deadline))
            except InvalidMatteError:
                # Once more, as a dedicated endpoint does not bill by the call.
                return read(endpoint.infer(transport, route, photo, deadline=deadline))

    @contextmanager
    def _circuit_breaker(self, model: Model) -> Iterator[None]:
        """After an operator's fault nothing is sent for the model for a while, so that nobody hammers it."""
        shut_for = self._shut_until.get(model, 0.0) - self._clock()
        if shut_for > 0:
            raise InferenceMisconfiguredError(
                "Hugging Face refused our configuration a moment ago.", retry_after=shut_for
            )
        try:
            yield
        except InferenceMisconfiguredError as error:
            self._shut_until[model] = self._clock() + error.retry_after
            raise
