"""What a model may answer for a scene: a real model's mattes, and true ones made worse in known ways."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from imaging.matte import Matte
from imaging.photo import EncodedImage
from tests.bench.quality.scenes import Floats, Scene, to_bytes
from tests.stack.hugging_face.model import MattingModel

BLUR = 3  # pixels of the matte: standard deviation


@dataclass(frozen=True, slots=True)
class Answers:
    """To the photo and, turned back again, to its mirror image."""

    kind: str
    first: Matte
    second: Matte


def answers(scene: Scene, sent: EncodedImage, model: MattingModel) -> Iterator[Answers]:
    """The model's twice, the photo and its mirror image in either order: which way a subject looks is chance."""
    size = sent.width, sent.height
    with Image.open(BytesIO(sent.content)) as copy:
        copy.load()
        seen = np.asarray(model.matte(copy))
        mirrored = np.asarray(model.matte(copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))[:, ::-1]
    yield Answers("model", seen, mirrored)
    yield Answers("model_mirrored", mirrored, seen)
    for kind, worse in _WORSE.items():
        first = to_bytes(worse(scene.alpha, size))
        second = to_bytes(worse(np.ascontiguousarray(scene.alpha[:, ::-1]), size))[:, ::-1]
        yield Answers(kind, first, second)


def _shrunk(alpha: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _blurred(alpha: Floats, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.GaussianBlur(_shrunk(alpha, size), (0, 0), BLUR), dtype=np.float32)


def _at_a_quarter(alpha: Floats, size: tuple[int, int]) -> Floats:
    """A quarter of the photo's scale, then the size that was sent."""
    quarter = _shrunk(alpha, (alpha.shape[1] // 4, alpha.shape[0] // 4))
    return np.asarray(cv2.resize(quarter, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _binarised(alpha: Floats, size: tuple[int, int]) -> Floats:
    return (_shrunk(alpha, size) >= 0.5).astype(np.float32)


_WORSE: dict[str, Callable[[Floats, tuple[int, int]], Floats]] = {
    "blurred": _blurred,
    "quarter": _at_a_quarter,
    "binarised": _binarised,
}
