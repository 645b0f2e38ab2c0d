"""The matte: how much of each pixel is subject, from 0 (none) to 255 (all)."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import ImageError
from background_remover.domain.inference_errors import InvalidMatteError
from imaging.colour import direct_colour
from imaging.png import write_png
from imaging.reading import hostile_data, open_image

Matte = NDArray[np.uint8]
"""(height, width)"""


def read_matte(answer: bytes, *, width: int, height: int) -> Matte:
    """The matte in a model's answer: the alpha of a cut-out, or a mask's brightness.

    InvalidMatteError where the answer is no PNG, WebP or JPEG, is damaged, is not exactly `width` x `height`, or is in
    colour without alpha, as a photo is that came back as it went.
    """
    try:
        image = open_image(answer)
        if image.format not in ("PNG", "WEBP", "JPEG"):
            raise InvalidMatteError(f"The model answered with a {image.format}.")
        if image.size != (width, height):
            raise InvalidMatteError(
                f"The model was sent {width} x {height} pixels and answered with {image.width} x {image.height}."
            )
        with hostile_data():
            image.load()
            pixels = direct_colour(image)
    except ImageError as error:
        raise InvalidMatteError(f"The model's answer is no matte. {error.detail}") from error
    if pixels.mode in ("LA", "RGBA"):
        return np.asarray(pixels.getchannel("A"))
    red, green, blue = pixels.convert("RGB").split()
    if red != green or green != blue:
        raise InvalidMatteError("The model's answer is a picture in colour without alpha, not a matte.")
    return np.asarray(red)


def encode_matte(matte: Matte) -> bytes:
    """An 8-bit greyscale PNG, which `read_matte` and `decode_matte` read back exactly."""
    return write_png(matte[:, :, np.newaxis])


def decode_matte(content: bytes) -> Matte:
    """What `encode_matte` wrote, of whatever size."""
    return np.asarray(Image.open(BytesIO(content), formats=["PNG"]))


def upsample(matte: Matte, *, width: int, height: int) -> Matte:
    """Bilinear, to the photo's size."""
    return np.asarray(Image.fromarray(matte).resize((width, height), Image.Resampling.BILINEAR))
