"""Photos of given sizes for measuring: a real photo, enlarged, with the grain that weighs down a camera's JPEG."""

import io

import numpy as np
from PIL import Image

from tests.project import PROJECT

SOURCE = PROJECT / ".cache/assets/coffee.png"
SIZES = {1: (1200, 900), 12: (4000, 3000), 24: (6000, 4000), 25: (5800, 4350), 50: (8160, 6120)}
"""Width and height by megapixels."""


def jpeg(megapixels: int) -> bytes:
    """About 0.15 byte a pixel: what 24 megapixels may weigh to fit into one request."""
    with Image.open(SOURCE) as image:
        photo = image.convert("RGB").resize(SIZES[megapixels], Image.Resampling.BICUBIC)
    grain = np.random.default_rng(7).normal(0, 4, (photo.height, photo.width, 1))
    pixels = np.clip(np.asarray(photo, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def small_jpeg() -> bytes:
    """640 x 480."""
    buffer = io.BytesIO()
    with Image.open(SOURCE) as image:
        image.convert("RGB").resize((640, 480)).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()
