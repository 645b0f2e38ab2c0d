"""A dedicated endpoint that scaled to zero starts before the photos are there that need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.inference_errors import InferenceError
from background_remover.gateways.work_queue import WakeMessage
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.model_states import ModelStates
    from background_remover.gateways.work_queue import WorkQueue

WAKE_PAUSE = 60
"""Seconds between two wakes of a model, whoever asks for them."""


def ask_to_wake(queue: WorkQueue, model: Model) -> None:
    """Leaves it to the worker, which alone knows the model's address; nobody waits. What goes wrong costs nothing."""
    try:
        queue.send(WakeMessage(model))
    except Exception:
        logger.exception("The worker could not be asked to wake the model's endpoint", model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeEndpoint:
    states: ModelStates
    hugging_face: HuggingFace
    clock: Callable[[], datetime]

    def __call__(self, message: WakeMessage) -> None:
        """Every repeat of a message is harmless, and one that comes late as well."""
        model = message.model
        try:
            if not self.hugging_face.may_sleep(model):
                return
            if self.states.take_wake(model, int(self.clock().timestamp()), pause=WAKE_PAUSE):
                self.hugging_face.wake(model)
        except InferenceError as error:
            # Most of all a 503: it is starting.
            logger.info("The endpoint was woken", model=model, detail=error.detail)
