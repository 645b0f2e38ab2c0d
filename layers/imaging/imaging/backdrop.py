"""An image behind the cut-out: a stranger's file like the photo, with fewer pixels at most."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import ImageError, ImageTooLargeError, TooManyPixelsError
from background_remover.domain.jobs import LARGEST_UPLOAD
from imaging.photo import BYTES_PER_PIXEL, Photo, PhotoInfo, decode, inspect

MAX_PIXELS = 25_000_000
"""Half of a photo's: it is decoded beside the cut-out."""

_STRIP_ROWS = 64
_REACH = 2  # rows to either side that the filter asks for, of the larger of both images


@dataclass(frozen=True, slots=True)
class Backdrop:
    """`content` is the file, `photo` what is in it."""

    content: bytes
    content_type: str
    photo: Photo


def inspect_backdrop(content: bytes) -> PhotoInfo:
    """As `inspect`; raises ImageTooLargeError as well."""
    with _named():
        if len(content) > LARGEST_UPLOAD:
            raise ImageTooLargeError(
                f"It has {len(content)} bytes; at most {LARGEST_UPLOAD // 1_000_000} MB are taken.",
                limit=LARGEST_UPLOAD,
            )
        info = inspect(content)
        if info.pixels > MAX_PIXELS:
            raise TooManyPixelsError(
                f"It has {info.pixels / 1e6:.1f} megapixels; at most {MAX_PIXELS // 1_000_000} are taken. "
                "Send it in the size in which it shall be seen."
            )
    return info


def read_backdrop(content: bytes) -> Backdrop:
    """Raises what `inspect_backdrop` raises, and CorruptImageError."""
    info = inspect_backdrop(content)
    with _named():
        return Backdrop(content, info.content_type, decode(content))


def backdrop_memory(photo_pixels: int, backdrop_pixels: int) -> int:
    """The most bytes that it takes at once, with the cut-out and what is made of both."""
    return photo_pixels * 8 + backdrop_pixels * BYTES_PER_PIXEL


def on_backdrop(rgba: NDArray[np.uint8], icc_profile: bytes | None, backdrop: Photo) -> NDArray[np.uint8]:
    """The cut-out's pixels, alpha not premultiplied, over the backdrop: opaque, (height, width, 4).

    The backdrop is centred, scaled so that it fills the frame, and made to look in `icc_profile` as it does in its own.
    What is transparent in it is white.
    """
    flat = np.empty_like(rgba)
    height, width, _ = rgba.shape
    full_height, full_width, _ = backdrop.rgb.shape
    scale = min(full_width / width, full_height / height)  # pixels of the backdrop for one of the frame
    left, top = (max(0.0, (full - side * scale) / 2) for full, side in ((full_width, width), (full_height, height)))
    seen_in_profile = _conversion(backdrop.icc_profile, icc_profile)
    rows = max(1, round(_STRIP_ROWS / max(1.0, scale)))
    reach = _REACH * max(1.0, scale)
    for first in range(0, height, rows):
        last = min(first + rows, height)
        upper, lower = top + first * scale, min(top + last * scale, full_height)
        start, stop = max(0, int(upper - reach)), min(full_height, int(lower + reach) + 1)
        whole = Image.fromarray(np.ascontiguousarray(backdrop.on_white(slice(start, stop))))
        box = (left, upper - start, min(left + width * scale, full_width), lower - start)
        strip = whole.resize((width, last - first), Image.Resampling.BICUBIC, box=box)
        below = seen_in_profile(strip).convert("RGBA")
        flat[first:last] = np.asarray(Image.alpha_composite(below, Image.fromarray(rgba[first:last])))
    return flat


def _conversion(source: bytes | None, target: bytes | None) -> Callable[[Image.Image], Image.Image]:
    if source == target:
        return lambda image: image
    from PIL import ImageCms  # Imported here: most images come without a profile and need no colour management.

    def profile(content: bytes | None) -> ImageCms.ImageCmsProfile:
        return ImageCms.ImageCmsProfile(BytesIO(content) if content else ImageCms.createProfile("sRGB"))

    try:
        transform = ImageCms.buildTransform(profile(source), profile(target), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing about the picture
        return lambda image: image

    def converted(image: Image.Image) -> Image.Image:
        return ImageCms.applyTransform(image, transform) or image

    return converted


@contextmanager
def _named() -> Iterator[None]:
    """Says of which of a request's images an error is."""
    try:
        yield
    except ImageError as error:
        raise type(error)(f"The background image cannot be used. {error.detail}", **error.members) from error
