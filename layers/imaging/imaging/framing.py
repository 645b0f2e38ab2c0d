"""Which part of a cut-out is delivered, how large, and as which file."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.jobs import Margin, Options, OutputFormat
from background_remover.domain.tiers import Refinement
from imaging.cutout import CONTENT_TYPES, Cutout, compose, encode, require_room
from imaging.matte import Matte
from imaging.photo import EncodedImage, Photo
from imaging.png import write_png

SUBJECT_ALPHA = 13
"""Alpha from which on a pixel belongs to the subject: 5 %, below which a model leaves haze that nobody sees."""

_STRIP_ROWS = 64


def framed_cutout(photo: Photo, matte: Matte, refinement: Refinement, options: Options) -> Cutout:
    """As `compose` makes it, cropped and scaled as the options say."""
    cutout = compose(photo, matte, refinement)
    if options.crop is not None:
        cutout = crop(cutout, options.crop)
    height, width, _ = cutout.rgba.shape
    return resize(cutout, *fitted(width, height, options.max_size))


def delivery(framed: Cutout, options: Options) -> EncodedImage:
    """The file to deliver of a framed cut-out. TooManyPixelsError as `encode`."""
    height, width, _ = framed.rgba.shape
    if options.output == "matte":
        content = _encode_alpha(framed, options.format, lossless=options.lossless)
    else:
        content = encode(framed, options.format, options.background, lossless=options.lossless)
    return EncodedImage(content, CONTENT_TYPES[options.format], width, height)


def fitted(width: int, height: int, max_size: int | None) -> tuple[int, int]:
    """Width and height with the long edge at most `max_size`, never enlarged."""
    scale = min(1.0, (max_size or max(width, height)) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def crop(cutout: Cutout, margin: Margin) -> Cutout:
    """The subject with the margin around it, as far as the photo goes; a view of the same pixels.

    Where nothing belongs to a subject the cut-out stays as it is.
    """
    height, width, _ = cutout.rgba.shape
    shown_rows = np.zeros(height, bool)
    shown_columns = np.zeros(width, bool)
    for top in range(0, height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        shows = cutout.rgba[rows, :, 3] >= SUBJECT_ALPHA
        shown_rows[rows] = shows.any(axis=1)
        shown_columns |= shows.any(axis=0)
    if not shown_rows.any():
        return cutout
    top, bottom = _extent(shown_rows)
    left, right = _extent(shown_columns)
    around = margin.pixels(max(bottom - top, right - left))
    # Beyond the photo a slice ends by itself; before it, it would count from the other end.
    subject = cutout.rgba[max(0, top - around) : bottom + around, max(0, left - around) : right + around]
    return Cutout(subject, cutout.icc_profile)


def resize(cutout: Cutout, width: int, height: int) -> Cutout:
    """Scaled down; the same cut-out where it has that size already.

    Pillow counts colours by their alpha, so that hidden ones do not show at the edge. The filter has no negative
    weights, which would draw a bright rim inside of it. By strips, because of the whole Pillow makes two more copies.
    """
    full_height, full_width, _ = cutout.rgba.shape
    if (width, height) == (full_width, full_height):
        return cutout
    small = np.empty((height, width, 4), np.uint8)
    scale = full_height / height
    strip_rows = max(4, round(_STRIP_ROWS / scale))
    for top in range(0, height, strip_rows):
        bottom = min(top + strip_rows, height)
        # Pillow samples as far around the box as its filter reaches: one row of the result.
        first, last = max(0, int((top - 1) * scale)), min(full_height, int((bottom + 1) * scale) + 1)
        strip = Image.fromarray(np.ascontiguousarray(cutout.rgba[first:last]))
        box = (0, top * scale - first, full_width, min(bottom * scale - first, last - first))
        small[top:bottom] = np.asarray(strip.resize((width, bottom - top), Image.Resampling.HAMMING, box=box))
    return Cutout(small, cutout.icc_profile)


def _encode_alpha(framed: Cutout, output_format: OutputFormat, *, lossless: bool) -> bytes:
    """The alpha as a grey image, without a profile: it is a share, not a colour."""
    height, width, _ = framed.rgba.shape
    require_room(width, height, output_format)
    alpha = framed.rgba[:, :, 3:]
    if output_format == "png":
        return write_png(alpha)
    if output_format == "webp":  # which knows no grey
        grey = np.empty_like(framed.rgba)
        grey[:, :, :3], grey[:, :, 3] = alpha, 255
        return encode(Cutout(grey, None), output_format, None, lossless=lossless)
    encoded = BytesIO()
    Image.fromarray(np.ascontiguousarray(alpha[:, :, 0])).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def _extent(shown: NDArray[np.bool_]) -> tuple[int, int]:
    """From the first to behind the last that is true."""
    return int(shown.argmax()), len(shown) - int(shown[::-1].argmax())
