"""Asking Hugging Face for a matte, as the use cases do: a photo, a deadline, and the real reader of mattes."""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from background_remover.domain.jobs import Submission
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.routes import Dialect, ModelRoute
from imaging.matte import Matte, read_matte
from imaging.photo import EncodedImage
from tests.stack.hugging_face import FixedMatte, HuggingFaceStandIn
from tests.stack.hugging_face.stand_in import TOKEN as TOKEN

WIDTH, HEIGHT = 60, 40
ENDPOINT, FAL = Model.RMBG_1_4, Model.RMBG_2_0
"""The models by the dialect that the routes of these tests give them."""


class FakeClock:
    """Time passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def photo(image_format: str = "JPEG", content_type: str = "image/jpeg") -> EncodedImage:
    buffer = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (200, 30, 30)).save(buffer, image_format)
    return EncodedImage(buffer.getvalue(), content_type, WIDTH, HEIGHT)


def expected_matte() -> Matte:
    return np.asarray(FixedMatte().matte(Image.new("RGB", (WIDTH, HEIGHT))))


def routes(url: str, **headers: str) -> dict[Model, ModelRoute]:
    paths: dict[Model, tuple[str, Dialect]] = {
        ENDPOINT: ("/models/briaai/RMBG-1.4", "endpoint"),
        FAL: ("/fal-ai/fal-ai/bria/background/remove", "fal_queue"),
    }
    return {model: ModelRoute(url + path, dialect, headers) for model, (path, dialect) in paths.items()}


def matte(
    client: HuggingFace,
    model: Model = ENDPOINT,
    *,
    seconds: float = 600.0,
    sent: EncodedImage | None = None,
    submission: Submission | None = None,
    on_submission: Callable[[Submission], None] = lambda _: None,
) -> Matte:
    return client.infer(
        model,
        sent or photo(),
        partial(read_matte, width=WIDTH, height=HEIGHT),
        seconds=seconds,
        submission=submission,
        on_submission=on_submission,
    )


def calls(hub: HuggingFaceStandIn, call: str) -> int:
    return sum(request.call == call for request in hub.requests)
