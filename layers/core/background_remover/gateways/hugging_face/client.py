"""One way to a matte, whichever dialect the model's route speaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from background_remover.domain.errors import InvalidMatteError, TierUnavailableError
from background_remover.gateways.hugging_face import endpoint, fal_queue
from background_remover.gateways.hugging_face.transport import Transport

if TYPE_CHECKING:
    from background_remover.domain.jobs import Submission
    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.secret import Secret

INVALID_ANSWERS_TOLERATED = 1
"""How often a dedicated endpoint, which does not bill by the call, is asked again after a broken answer."""


class Photo(Protocol):
    """What is sent: an encoded image, `content_type` exactly its own."""

    @property
    def content(self) -> bytes: ...

    @property
    def content_type(self) -> str: ...


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
        self._transport = Transport(token, clock=clock, sleep=sleep)

    def route(self, model: Model) -> ModelRoute:
        """Raises `TierUnavailableError`."""
        try:
            return self._routes[model]
        except KeyError:
            raise TierUnavailableError(
                f"This deployment has no Hugging Face address for {model}. Choose another tier, or ask its operator."
            ) from None

    def infer[Matte](
        self,
        model: Model,
        photo: Photo,
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
        deadline = self._transport.clock() + seconds
        if route.dialect == "fal_queue":
            return read(
                fal_queue.infer(
                    self._transport,
                    route,
                    photo,
                    deadline=deadline,
                    submission=submission,
                    on_submission=on_submission,
                )
            )
        for _ in range(INVALID_ANSWERS_TOLERATED):
            try:
                return read(endpoint.infer(self._transport, route, photo, deadline=deadline))
            except InvalidMatteError:
                continue
        return read(endpoint.infer(self._transport, route, photo, deadline=deadline))
