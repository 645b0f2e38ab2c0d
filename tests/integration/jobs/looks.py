"""Looks at a photo in the dearest tier, whose model answers each of them as a test wants."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Semaphore
from typing import Any

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.inference_errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Job
from background_remover.gateways.hugging_face.routes import ModelRoute
from background_remover.gateways.object_store import matte_key
from background_remover.gateways.work_queue import message_for
from background_remover.use_cases.process_job import ProcessJob
from imaging.looks import looks_at
from imaging.photo import inference_copy
from tests.integration.jobs.account import LEASE, SECONDS, Account, removal
from tests.stack.hugging_face import HuggingFaceStandIn
from tests.unit.imaging import images

PHOTO = images.photo_file("PNG")
FAILURES = [
    InferenceRefusedError("No."),
    InvalidMatteError("Half a matte."),
    InferenceUnavailableError("Out of time.", retry_after=0.0),
    InferenceMisconfiguredError("Pay your bill.", retry_after=60.0),
]
failures = pytest.mark.parametrize("failure", FAILURES, ids=lambda error: error.code)


class Model:
    """In place of Hugging Face: what it answers to the photo as it is, to its mirror image and to a copy with a border.

    `together`: neither of the first two answers before both have been asked. `border`: what is configured for it.
    """

    def __init__(self, *answers: np.ndarray | Exception, together: bool = False, border: float = 0.0) -> None:
        self.answers = answers
        self.border = border
        self.asked: list[np.ndarray] = []
        self.meet = Barrier(2).wait if together else lambda *_: None

    def route(self, _: object) -> ModelRoute:
        return ModelRoute("https://hugging.face", "endpoint", border=self.border)

    def require_open(self, _: object) -> None:
        """Its breaker is closed."""

    def infer(self, _: object, photo: Any, read: Callable[[bytes], Any], **__: object) -> Any:
        seen = np.asarray(Image.open(io.BytesIO(photo.content)).convert("RGB"))
        self.asked.append(seen)
        self.meet(10)
        answer = self.answers[self.look(seen)]
        if isinstance(answer, Exception):
            raise answer
        margins = ((seen.shape[0] - answer.shape[0]) // 2,) * 2, ((seen.shape[1] - answer.shape[1]) // 2,) * 2
        return read(images.file_of(Image.fromarray(np.pad(answer, margins)), "PNG"))

    def look(self, seen: np.ndarray) -> int:
        straight, mirrored, wider = looks_at(self.border)
        for number, look in enumerate((straight, mirrored, wider)):
            shown = np.asarray(Image.open(io.BytesIO(look.of(inference_copy(PHOTO)).content)))
            if shown.shape == seen.shape and is_like(shown, seen):
                return number
        raise AssertionError(f"a photo of {seen.shape} is none of the looks")


def is_like(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(abs(one.astype(int) - other).mean() < 10)


def ramp(start: int) -> np.ndarray:
    """A matte of the photo's size, each column of another alpha."""
    return np.tile(np.arange(start, start + 64, dtype=np.uint8), (48, 1))


def half(*, left: int, right: int) -> np.ndarray:
    """A matte of the photo's size with one alpha for its left half and another for its right."""
    return np.hstack((np.full((48, 32), left, np.uint8), np.full((48, 32), right, np.uint8)))


# As the model answers: the second to the mirror image. Turned back it contradicts the first.
LEFT, MIRRORED_RIGHT = half(left=250, right=0), half(left=240, right=0)
RIGHT = MIRRORED_RIGHT[:, ::-1]
WithModel = Callable[[Model], Account]


def kept_matte(account: Account, job: Job) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(account.objects.get(matte_key(job)) or b"")))


def industry(content: bytes = PHOTO, **asked: Any) -> Any:
    return removal(content, tier="industry", **asked)


def queued(account: Account) -> Job:
    job = account.remove(industry(respond_async=True))
    account.sent.clear()
    return job


def one_by_one(account: Account) -> ProcessJob:
    process_job = account.process_job()
    find_foreground = replace(process_job.cut_out.find_foreground, inferences=Semaphore(1))
    return replace(process_job, cut_out=replace(process_job.cut_out, find_foreground=find_foreground))


def process(process_job: ProcessJob, job: Job) -> None:
    process_job(message_for(job), time_left=lambda: SECONDS, lease_for=LEASE)


def submits(hub: HuggingFaceStandIn) -> int:
    return [request.call for request in hub.requests].count("submit")
