"""The operator's own models, asked as the deployed functions ask them and configured by the same variables.

HF_RMBG_1_4_URL, HF_RMBG_2_0_DIALECT and so on, as template.yaml names them; what is not set is as it has it by
default. The token, which is in Secrets Manager there, is HF_TOKEN.
"""

import multiprocessing
import os
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from background_remover.domain.inference_errors import InferenceError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.routes import Dialect, ModelRoute
from background_remover.gateways.secret import Secret
from background_remover.settings import HuggingFaceSettings
from imaging.matte import Matte, read_matte
from imaging.photo import EncodedImage
from tests.bench.quality.sights import Ask
from tests.contract.template import plain_environment_of

DOLLARS_PER_IMAGE: dict[Dialect, float] = {"fal_queue": 0.018, "endpoint": 0.0}
"""fal bills by the image, an endpoint by the hour."""

PATIENCE_SECONDS = 600.0
"""For one inference: an endpoint that was scaled to zero takes minutes to come back."""


class AskingError(Exception):
    """A model cannot be asked, or must not be: the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts inferences, those of all processes together, and lets none through that goes beyond `limit` dollars."""

    dollars_each: float
    limit: float
    _counted: Any = field(default_factory=partial(multiprocessing.Value, "i", 0))

    def count(self) -> None:
        """Raises `AskingError`."""
        with self._counted.get_lock():
            if self._cost(self._counted.value + 1) > self.limit:
                raise AskingError(f"The limit of ${self.limit:.2f} is reached ({self}): nothing more is asked.")
            self._counted.value += 1

    def announce(self, inferences: int, model: Model, route: ModelRoute) -> None:
        """Prints what so many inferences will cost. Raises `AskingError` where that is beyond the limit."""
        price = f"${self.dollars_each} each, ${self._cost(inferences):.2f} together"
        if not self.dollars_each:
            price = "they cost the hours of your endpoint"
        print(f"{inferences} inferences by {model} ({route.dialect}): {price}", flush=True)
        if self._cost(inferences) > self.limit:
            raise AskingError(f"That is beyond the limit of ${self.limit:.2f}: say LIMIT=…, or take fewer photos.")

    def _cost(self, inferences: int) -> float:
        return inferences * self.dollars_each

    def __str__(self) -> str:
        return f"{self._counted.value} inferences, ${self._cost(self._counted.value):.2f}"


class GivenToken(Secret):
    """Hugging Face's token, where it is known from the start."""

    def __init__(self, token: str) -> None:
        self._token = token

    def value(self) -> str:
        return self._token

    def other_than(self, _: str) -> str | None:
        return None


def route_to(model: Model) -> ModelRoute:
    """Raises `AskingError`."""
    environment = {**plain_environment_of("RemoveFunction"), **os.environ}
    route = HuggingFaceSettings.from_environment(environment).routes.get(model)
    if route is None:
        raise AskingError(f"There is no address for {model}: set its URL and dialect as docs/operations.md says.")
    if route.dialect not in DOLLARS_PER_IMAGE:
        raise AskingError(f"There is no dialect “{route.dialect}”: it is one of {', '.join(DOLLARS_PER_IMAGE)}.")
    return route


def token_from_environment() -> str:
    """Raises `AskingError`."""
    try:
        return os.environ["HF_TOKEN"]
    except KeyError:
        raise AskingError("HF_TOKEN is needed: a token of Hugging Face that may call the model.") from None


def hosted(model: Model, route: ModelRoute, token: str, meter: Meter) -> Ask:
    """Raises `AskingError` when it is asked and there is no answer."""
    hugging_face = HuggingFace({model: route}, GivenToken(token))

    def ask(image: EncodedImage) -> Matte:
        meter.count()
        try:
            return hugging_face.infer(
                model,
                image,
                partial(read_matte, width=image.width, height=image.height),
                seconds=PATIENCE_SECONDS,
                on_submission=lambda _: None,
            )
        except InferenceError as error:
            # In a form that gets from one process to another.
            raise AskingError(f"{model} did not answer ({meter}). {error.code}: {error.detail}") from None

    return ask
