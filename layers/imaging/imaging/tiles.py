"""Large pictures piece by piece: a small copy of one by strips, and back from the small one by tiles."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating]

TILE = 128  # pixels a side: what a tile needs stays in the processor's cache for all the steps
_STRIP_PIXELS = 1 << 20


class Interpolation(NamedTuple):
    """Some pixels of the large picture, along one axis: `weights` (pixels, samples) of the samples of the small one."""

    pixels: slice
    samples: slice
    weights: Floats


def interpolations(length: int, samples: int) -> list[Interpolation]:
    """From `samples` to `length` along one axis, bilinear as Pillow's resize is, one for every TILE pixels."""
    scale = samples / length
    found = []
    for first in range(0, length, TILE):
        pixels = np.arange(first, min(first + TILE, length))
        position = np.clip((pixels + 0.5) * scale - 0.5, 0, samples - 1)
        below = np.minimum(position.astype(int), max(0, samples - 2))
        start, stop = int(below[0]), min(int(below[-1]) + 2, samples)
        weights = 1 - np.abs(position[:, np.newaxis] - np.arange(start, stop))
        found.append(
            Interpolation(
                slice(first, first + len(pixels)), slice(start, stop), np.maximum(weights, 0).astype(np.float32)
            )
        )
    return found


def enlarged(small: Floats, down: Interpolation, across: Interpolation) -> Floats:
    """One tile of the large picture, (channels, height, width), from the small one's (channels, height, width)."""
    return down.weights @ small[:, down.samples, across.samples] @ across.weights.T


def shrunk(
    strip: Callable[[slice], NDArray[np.uint8]], size: tuple[int, int], to: tuple[int, int]
) -> NDArray[np.uint8]:
    """The picture in `to` (width, height), bilinear, whose original of `size` is asked for by rows."""
    (width, height), (small_width, small_height) = size, to
    scale = height / small_height
    rows = max(1, int(_STRIP_PIXELS / (scale * width)))
    strips = []
    for top in range(0, small_height, rows):
        bottom = min(top + rows, small_height)
        first, last = top * scale, min(bottom * scale, height)
        start, stop = max(0, int(first - scale)), min(height, int(np.ceil(last + scale)))  # what the filter reaches
        picture = Image.fromarray(strip(slice(start, stop)))
        box = 0, first - start, width, last - start
        small = picture.resize((small_width, bottom - top), Image.Resampling.BILINEAR, box=box, reducing_gap=1.3)
        strips.append(np.asarray(small))
    return np.concatenate(strips)
