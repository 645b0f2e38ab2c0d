"""Which part of a cut-out is delivered, how large, and as which file."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import InvalidRegionError
from background_remover.domain.jobs import Options, OutputFormat
from background_remover.domain.placement import CENTER, Box, Margin, Margins, Position, Region
from background_remover.domain.tiers import Refinement
from imaging.cutout import CONTENT_TYPES, Cutout, compose, encode, require_room
from imaging.matte import Matte
from imaging.photo import EncodedImage, Photo
from imaging.png import write_png
from imaging.region import region_box

SUBJECT_ALPHA = 13
"""Alpha from which on a pixel belongs to the subject: 5 %, below which a model leaves haze that nobody sees."""

_STRIP_ROWS = 64


def framed_cutout(
    photo: Photo, matte: Matte, refinement: Refinement, options: Options, *, looked_at: Region | None = None
) -> Cutout:
    """As `compose` makes it, placed, cropped and scaled as the options say.

    `looked_at` is the part of the photo of which the matte is. Raises InvalidRegionError.
    """
    cutout = _compose_part(photo, matte, refinement, looked_at, options.region)
    if options.scale is not None or options.position is not None:
        cutout = place(cutout, options.scale, options.position)
    if options.crop is not None:
        cutout = crop(cutout, options.crop)
    height, width, _ = cutout.rgba.shape
    return resize(cutout, *fitted(width, height, options.max_size))


def delivery(framed: Cutout, options: Options, backdrop: Callable[[], Photo] | None = None) -> EncodedImage:
    """The file to deliver of a framed cut-out. TooManyPixelsError as `encode`.

    `backdrop`: the image that the options name, decoded when it is asked for.
    """
    height, width, _ = framed.rgba.shape
    if options.output == "matte":
        content = _encode_alpha(framed, options.format, lossless=options.lossless)
    else:
        content = encode(framed, options.format, backdrop or options.background, lossless=options.lossless)
    return EncodedImage(content, CONTENT_TYPES[options.format], width, height)


def fitted(width: int, height: int, max_size: int | None) -> tuple[int, int]:
    """Width and height with the long edge at most `max_size`, never enlarged."""
    scale = min(1.0, (max_size or max(width, height)) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def subject_box(cutout: Cutout) -> Box | None:
    """What is around all that belongs to the subject; None where nothing does."""
    height, width, _ = cutout.rgba.shape
    shown_rows = np.zeros(height, bool)
    shown_columns = np.zeros(width, bool)
    for top in range(0, height, _STRIP_ROWS):
        rows = slice(top, top + _STRIP_ROWS)
        shows = cutout.rgba[rows, :, 3] >= SUBJECT_ALPHA
        shown_rows[rows] = shows.any(axis=1)
        shown_columns |= shows.any(axis=0)
    if not shown_rows.any():
        return None
    top, bottom = _extent(shown_rows)
    left, right = _extent(shown_columns)
    return Box(left, top, right, bottom)


def crop(cutout: Cutout, margin: Margin | Margins) -> Cutout:
    """The subject with the margin around it, as far as the photo goes; a view of the same pixels.

    Where nothing belongs to a subject the cut-out stays as it is.
    """
    subject = subject_box(cutout)
    if subject is None:
        return cutout
    sides = margin if isinstance(margin, Margins) else Margins(margin, margin, margin, margin)
    larger = max(subject.width, subject.height)
    # Beyond the photo a slice ends by itself; before it, it would count from the other end.
    rows = slice(max(0, subject.top - sides.top.pixels(larger)), subject.bottom + sides.bottom.pixels(larger))
    columns = slice(max(0, subject.left - sides.left.pixels(larger)), subject.right + sides.right.pixels(larger))
    return Cutout(cutout.rgba[rows, columns], cutout.icc_profile)


def place(cutout: Cutout, scale: int | None, position: Position | None) -> Cutout:
    """The subject somewhere else in its frame, or in another size; see `Options`.

    Where nothing belongs to a subject the cut-out stays as it is.
    """
    subject = subject_box(cutout)
    if subject is None:
        return cutout
    height, width, _ = cutout.rgba.shape
    position = position or CENTER
    to_width, to_height = subject.width, subject.height
    if scale is not None:
        factor = scale / 100 * min(width / subject.width, height / subject.height)
        to_width, to_height = max(1, round(subject.width * factor)), max(1, round(subject.height * factor))
    left = round((width - to_width) * position.across / 100)
    top = round((height - to_height) * position.down / 100)
    placed = np.zeros_like(cutout.rgba)
    _scale_into(
        placed[top : top + to_height, left : left + to_width],
        cutout.rgba[subject.top : subject.bottom, subject.left : subject.right],
    )
    return Cutout(placed, cutout.icc_profile)


def resize(cutout: Cutout, width: int, height: int) -> Cutout:
    """Scaled; the same cut-out where it has that size already."""
    full_height, full_width, _ = cutout.rgba.shape
    if (width, height) == (full_width, full_height):
        return cutout
    scaled = np.empty((height, width, 4), np.uint8)
    _scale_into(scaled, cutout.rgba)
    return Cutout(scaled, cutout.icc_profile)


def _scale_into(scaled: NDArray[np.uint8], pixels: NDArray[np.uint8]) -> None:
    """Fills the array with the cut-out's pixels.

    Pillow counts colours by their alpha, so that hidden ones do not show at the edge. The filter has no negative
    weights, which would draw a bright rim inside of it. By strips, because of the whole Pillow makes two more copies.
    """
    (height, width, _), (full_height, full_width, _) = scaled.shape, pixels.shape
    if scaled.shape == pixels.shape:
        scaled[:] = pixels
        return
    scale = full_height / height
    strip_rows = max(4, round(_STRIP_ROWS / scale))
    # Pillow samples as far around the box as its filter reaches: one row of the smaller of the two.
    reach = max(1.0, scale)
    for top in range(0, height, strip_rows):
        bottom = min(top + strip_rows, height)
        first = max(0, int(top * scale - reach))
        last = min(full_height, int(bottom * scale + reach) + 1)
        strip = Image.fromarray(np.ascontiguousarray(pixels[first:last]))
        box = (0, top * scale - first, full_width, min(bottom * scale - first, last - first))
        scaled[top:bottom] = np.asarray(strip.resize((width, bottom - top), Image.Resampling.HAMMING, box=box))


def _compose_part(
    photo: Photo, matte: Matte, refinement: Refinement, looked_at: Region | None, wanted: Region | None
) -> Cutout:
    """The cut-out in the photo's frame, transparent outside of both regions."""
    height, width, _ = photo.rgb.shape
    seen = region_box(looked_at, width, height)
    shown = region_box(wanted, width, height).within(seen)
    if shown.is_empty:
        raise InvalidRegionError(f"The region {wanted} has nothing of the region {looked_at} that was looked at.")
    part = compose(photo.part(seen), matte, refinement)
    if shown == Box(0, 0, width, height):
        return part
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[shown.top : shown.bottom, shown.left : shown.right] = part.rgba[
        shown.top - seen.top : shown.bottom - seen.top, shown.left - seen.left : shown.right - seen.left
    ]
    return Cutout(rgba, photo.icc_profile)


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
