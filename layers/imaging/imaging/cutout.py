"""The cut-out: the photo with the matte as its alpha, and the files made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import TooManyPixelsError
from background_remover.domain.jobs import OutputFormat
from background_remover.domain.tiers import Refinement
from imaging.alpha import FILTER_BYTES, refine
from imaging.backdrop import on_backdrop
from imaging.colour import from_srgb
from imaging.foreground import BYTES_PER_LAYER_PIXEL, separate
from imaging.matte import Matte, upsample
from imaging.photo import BYTES_PER_PIXEL, Photo
from imaging.png import write_png
from imaging.webp import write_lossless_webp, write_lossy_webp

CONTENT_TYPES: dict[OutputFormat, str] = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
# WebP: https://developers.google.com/speed/webp/docs/riff_container; JPEG: libjpeg's JPEG_MAX_DIMENSION.
MAX_SIDES: dict[OutputFormat, int] = {"png": 2**31 - 1, "webp": 16_383, "jpeg": 65_500}
THUMBNAIL_LONG_EDGE = 300
_STRIP_ROWS = 16

MOST_MIXED = 16_000_000
"""Pixels that are neither subject nor background, more than which are freed of the old background at the finest level
alone: so many are no edge, and each takes 0.1 microseconds a level, out of the seconds that a request keeps for it."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """`rgba` is (height, width, 4), alpha not premultiplied, to be read in `icc_profile` (sRGB where that is None)."""

    rgba: NDArray[np.uint8]
    icc_profile: bytes | None


def compose(photo: Photo, matte: Matte, refinement: Refinement) -> Cutout:
    """The photo's pixels under a matte of any size, times the photo's own alpha; RGB is 0 where alpha is.

    Zeroed, the colours of the background can neither be looked up in the file nor make it larger.
    """
    height, width, _ = photo.rgb.shape
    matte = refine(photo, matte) if refinement.alpha else upsample(matte, width=width, height=height)
    rgba = np.empty((height, width, 4), np.uint8)
    mixed = 0
    for top in range(0, height, _STRIP_ROWS):  # by strips, each of which stays in the cache for all the steps
        rows = slice(top, top + _STRIP_ROWS)
        strip = rgba[rows]
        alpha = matte[rows] if photo.alpha is None else _product(matte[rows], photo.alpha[rows])
        for channel in range(3):  # several times faster than all three at once: numpy's inner loop is the width
            strip[:, :, channel] = photo.rgb[rows, :, channel]
        strip[:, :, 3] = alpha
        whole_pixels = strip.view(np.uint32)[:, :, 0]
        whole_pixels *= alpha != 0
        mixed += int(np.count_nonzero((alpha > 0) & (alpha < 255)))
    levels = refinement.colour_pixels if mixed <= MOST_MIXED else refinement.colour_pixels[-1:]
    for pixels in levels:
        separate(photo, matte, rgba, pixels=pixels)
    return Cutout(rgba, photo.icc_profile)


def working_memory(pixels: int, refinement: Refinement) -> int:
    """The most bytes that a photo of so many pixels takes at once, from being decoded to being encoded."""
    layers = max(refinement.colour_pixels, default=0) * BYTES_PER_LAYER_PIXEL
    return pixels * BYTES_PER_PIXEL + (FILTER_BYTES if refinement.alpha else 0) + layers


def require_room(width: int, height: int, output_format: OutputFormat) -> None:
    """TooManyPixelsError where a side is longer than the format can hold."""
    if max(width, height) > MAX_SIDES[output_format]:
        raise TooManyPixelsError(
            f"A side of {max(width, height)} pixels is more than {output_format} can hold "
            f"({MAX_SIDES[output_format]}): choose the format png, or a maxSize."
        )


def encode(
    cutout: Cutout,
    output_format: OutputFormat,
    background: tuple[int, int, int] | Callable[[], Photo] | None,
    *,
    lossless: bool = False,
) -> bytes:
    """The file to deliver, on `background` (in sRGB, or an image) where one is given; opaque then. JPEG needs one:
    ValueError.

    `lossless` is for WebP: a PNG always is, a JPEG never. TooManyPixelsError as `require_room`.
    """
    height, width, _ = cutout.rgba.shape
    require_room(width, height, output_format)
    pixels = cutout.rgba
    if callable(background):
        pixels = on_backdrop(pixels, cutout.icc_profile, background())
    elif background is not None:
        pixels = _flattened(pixels, from_srgb(background, cutout.icc_profile))
    if output_format == "png":
        return write_png(pixels if background is None else pixels[:, :, :3], cutout.icc_profile)
    if output_format == "webp":
        return write_lossless_webp(pixels, cutout.icc_profile) if lossless else _lossy_webp(pixels, cutout.icc_profile)
    if background is None:
        raise ValueError("JPEG has no transparency: it needs a background")
    encoded = BytesIO()
    image = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)  # without copying
    # 4:4:4, or the background's colour would bleed over the subject's edge.
    image.save(encoded, "JPEG", quality=92, subsampling="4:4:4", icc_profile=cutout.icc_profile)
    return encoded.getvalue()


def thumbnail(cutout: Cutout) -> bytes:
    """A WebP with alpha, long edge at most THUMBNAIL_LONG_EDGE, never enlarged."""
    height, width, _ = cutout.rgba.shape
    scale = min(1.0, THUMBNAIL_LONG_EDGE / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Six samples of the photo a side for each pixel of the thumbnail are enough: nobody sees more at this size.
    step = max(1, max(width, height) // (6 * THUMBNAIL_LONG_EDGE))
    whole_pixels = cutout.rgba.view(np.uint32)
    samples = Image.fromarray(np.ascontiguousarray(whole_pixels[::step, ::step]).view(np.uint8))
    encoded = BytesIO()
    small = samples.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    small.save(encoded, "WEBP", quality=80, method=2, icc_profile=cutout.icc_profile or b"")
    return encoded.getvalue()


def _lossy_webp(rgba: NDArray[np.uint8], icc_profile: bytes | None) -> bytes:
    """At the best of three qualities that fits; TooManyPixelsError where none does.

    Large photos full of detail burst WebP's first partition, 512 KB: https://datatracker.ietf.org/doc/html/rfc6386.
    """
    for quality in (90, 80, 60):
        try:
            return write_lossy_webp(rgba, quality, icc_profile)
        except ValueError:
            continue
    raise TooManyPixelsError("The image has more detail than a WebP can hold: choose the format png.")


def _flattened(rgba: NDArray[np.uint8], background: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Opaque, (height, width, 4)."""
    flat = np.empty_like(rgba)
    for top in range(0, len(rgba), _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        strip = Image.fromarray(rgba[rows])
        flat[rows] = np.asarray(Image.alpha_composite(Image.new("RGBA", strip.size, background), strip))
    return flat


def _product(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """first x second / 255, rounded, without dividing (Blinn, "Three wrongs make a right", 1995)."""
    product = first.astype(np.uint16) * second + 128
    return ((product + (product >> 8)) >> 8).astype(np.uint8)
