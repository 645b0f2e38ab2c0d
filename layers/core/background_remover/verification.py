"""What an operator wants to know after a deployment: one photo through each of its models, as its functions send it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InvalidMatteError,
)
from background_remover.domain.tiers import TIERS, Model
from background_remover.gateways.hugging_face import courses
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.secret import Secret
from background_remover.settings import PARAMETERS, HuggingFaceSettings
from imaging.looks import looks_at
from imaging.matte import Matte, read_matte
from imaging.photo import EncodedImage, inference_copy

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

WIDTH, HEIGHT = 640, 480
ENOUGH = 0.5
"""Of the drawn subject and the matte together, the share that both have; a model that sees anything has far more."""


@dataclass(frozen=True, slots=True)
class Finding:
    model: Model
    what: str
    is_wrong: bool = False

    def __str__(self) -> str:
        return f"{self.model}: {self.what}"


def verify(environment: Mapping[str, str], secrets: SecretsManagerClient, *, seconds: float) -> Iterator[Finding]:
    """Of each model, as the variables of a deployed function configure it, within so many seconds each."""
    settings = HuggingFaceSettings.from_environment(environment)
    hugging_face = HuggingFace(settings.routes, Secret(secrets, secret_id=settings.token_secret))
    drawn, subject = drawn_photo()
    photo = inference_copy(drawn)
    for model in Model:
        if model not in settings.routes:
            tiers = ", ".join(tier.name for tier in TIERS.values() if tier.model is model)
            yield Finding(model, f"not configured: {PARAMETERS[model]}Url is empty, and 503 the answer to {tiers}")
            continue
        started = time.monotonic()
        try:
            matte = _matte(hugging_face, model, photo, seconds)
        except InferenceError as error:
            detail = " ".join(error.detail.split()).rstrip(".")
            advice = _advice(error, PARAMETERS[model], settings.token_secret)
            yield Finding(model, f"wrong after {time.monotonic() - started:.1f} s. {detail}. {advice}", is_wrong=True)
            continue
        yield _judged(model, matte, subject, took=time.monotonic() - started)


def _judged(model: Model, matte: Matte, subject: Matte, *, took: float) -> Finding:
    height, width = matte.shape
    came_back = f"a matte of {width} x {height} in {took:.1f} s"
    agreement = agreement_of(matte, subject)
    if agreement < ENOUGH:
        doubt = f"it agrees with the subject to {agreement:.0%} only: is it inverted, or this another model?"
        return Finding(model, f"wrong. It is {came_back}, but {doubt}", is_wrong=True)
    return Finding(model, f"{came_back}, which agrees with the subject to {agreement:.0%}")


def drawn_photo() -> tuple[bytes, Matte]:
    """A red ball before something grey, as PNG, and where the ball is."""
    subject = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(subject).ellipse((WIDTH // 5, HEIGHT // 8, WIDTH - WIDTH // 5, HEIGHT - HEIGHT // 8), fill=255)
    shade = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    photo = Image.merge("RGB", [shade.point(lambda level: 160 + level // 4)] * 3)
    ball = Image.merge("RGB", [shade.point(lambda level: 230 - level // 3), *[Image.new("L", shade.size, 30)] * 2])
    photo.paste(ball, mask=subject)
    encoded = BytesIO()
    photo.save(encoded, "PNG")
    return encoded.getvalue(), np.asarray(subject)


def _matte(hugging_face: HuggingFace, model: Model, photo: EncodedImage, seconds: float) -> Matte:
    look, *_ = looks_at(hugging_face.route(model).border)
    shown = look.of(photo)
    read = partial(read_matte, width=shown.width, height=shown.height)
    matte = hugging_face.infer(model, shown, read, seconds=seconds, on_submission=lambda _: None)
    return look.undone(matte, photo)


def agreement_of(matte: Matte, subject: Matte) -> float:
    """Of both together, the share that both have."""
    found, drawn = matte >= 128, subject >= 128
    return float((found & drawn).sum() / (found | drawn).sum())


def _advice(error: InferenceError, parameter: str, secret: str) -> str:
    match error:
        case courses.UnauthorizedError():
            return f"Put a token that may call it into the secret {secret}."
        case courses.NothingThereError():
            return f"Is {parameter}Url right, and is {parameter}Dialect?"
        case InferenceMisconfiguredError():
            return f"Look at the token's permissions, the account's credit, {parameter}Url and {parameter}Dialect."
        case courses.UnreadableAnswerError():
            return f"Its handler answers in a way that cannot be read, or {parameter}Dialect is not its dialect."
        case InferenceRefusedError() | InvalidMatteError():
            return "Look at the endpoint's log and its handler: docs/huggingface/handler.py is one that fits."
        case _:
            return "If it sleeps, this has woken it: verify again in some minutes, or say SECONDS=600."
