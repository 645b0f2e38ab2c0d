"""A file that is taken, what is in it, and how others read it."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from imaging.photo import decode
from tests.unit.imaging.images import ToSrgb

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """`rgb` and `alpha` are what the file holds, upright; `srgb` is how that looks where it is not sRGB already."""

    content: bytes
    rgb: Pixels
    alpha: Pixels | None = None
    profile: bytes | None = None
    srgb: Pixels | None = None
    tolerance: int = 0


COLOURS = np.random.default_rng(2).integers(0, 256, (16, 3), dtype=np.uint8)
INDICES = np.arange(16, dtype=np.uint8).reshape(4, 4)


def patches() -> Pixels:
    """A different colour in each of 6 x 8 squares of 8 pixels; none so pure that sRGB would lack it."""
    colours = np.random.default_rng(9).integers(70, 190, (6, 8, 3), dtype=np.uint8)
    return colours.repeat(8, axis=0).repeat(8, axis=1)


def three(shades: NDArray[Any]) -> Pixels:
    return np.dstack([shades.astype(np.uint8)] * 3)


def in_other_words(content: bytes, rgb: Pixels, to_srgb: ToSrgb) -> Case:
    """A profile is made of what the file says, and LittleCMS reads the same in it as the formula says."""
    srgb = np.rint(np.clip(to_srgb(rgb / 255), 0, 1) * 255).astype(np.uint8)
    profile = decode(content).icc_profile
    assert profile is not None
    assert difference(seen_by_littlecms(rgb, profile), srgb).max() <= 3
    return Case(content, rgb, profile=profile, srgb=srgb)


def difference(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(abs(one.astype(np.int16) - other))


def seen_by_littlecms(rgb: Pixels, profile: bytes) -> Pixels:
    source, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(rgb), source, srgb, outputMode="RGB"))


def seen_by_opencv(content: bytes, *, turn: bool = True) -> Pixels:
    flags = cv2.IMREAD_COLOR if turn else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return read_by_opencv(content, flags)[:, :, ::-1]


def read_by_opencv(content: bytes, flags: int) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    assert pixels is not None
    return pixels.astype(np.uint8, copy=False)
