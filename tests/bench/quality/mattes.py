"""What a model may answer for a scene, whichever it is: the true matte, made worse in known ways."""

from collections.abc import Callable

import cv2
import numpy as np

from imaging.matte import Matte
from tests.bench.quality.scenes import Floats, Scene, to_bytes

BLUR = 3  # pixels of the matte: standard deviation


def worse_truth(scene: Scene, kind: str, size: tuple[int, int]) -> list[Matte]:
    """The answers to a copy of `size` (width, height) and, turned back again, to its mirror image."""
    worse = KINDS[kind]
    mirrored = np.ascontiguousarray(scene.alpha[:, ::-1])
    return [to_bytes(worse(scene.alpha, size)), to_bytes(worse(mirrored, size))[:, ::-1]]


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


KINDS: dict[str, Callable[[Floats, tuple[int, int]], Floats]] = {
    "blurred": _blurred,
    "quarter": _at_a_quarter,
    "binarised": _binarised,
}
