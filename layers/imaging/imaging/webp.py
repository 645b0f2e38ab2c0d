"""WebP in a third of the memory that libwebp takes, whose alpha is exact.

libwebp codes the colours of a lossy one with 6 bytes a pixel, and its alpha with 16 more; those, and what is lossless,
`vp8l` writes.
The format: https://developers.google.com/speed/webp/docs/riff_container.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.vp8l import coded_alpha, coded_image

_PROFILE, _ALPHA = 0x20, 0x10
_BLOCK = 8  # a side of what lossy WebP codes together


def write_lossless_webp(rgba: NDArray[np.uint8], icc_profile: bytes | None = None) -> bytes:
    """`rgba` is (height, width, 4)."""
    return _file(rgba, icc_profile, [_chunk(b"VP8L", coded_image(rgba))])


def write_lossy_webp(rgba: NDArray[np.uint8], quality: int, icc_profile: bytes | None = None) -> bytes:
    """`rgba` is (height, width, 4), and 0 where alpha is.

    ValueError where the colours have more detail than fits at this quality.
    """
    pixels = np.require(rgba, requirements=("C", "W"))
    height, width, _ = pixels.shape
    # Shares the memory. The fourth channel is ignored.
    colours = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
    encoded = BytesIO()
    with _hidden_colours_filled(pixels):
        colours.save(encoded, "WEBP", quality=quality, method=0)
    chunks = [encoded.getvalue()[len(b"RIFF....WEBP") :]]
    if _has_alpha(pixels):
        chunks.insert(0, _chunk(b"ALPH", coded_alpha(pixels[:, :, 3])))
    return _file(pixels, icc_profile, chunks)


def _file(rgba: NDArray[np.uint8], icc_profile: bytes | None, chunks: list[bytes]) -> bytes:
    height, width, _ = rgba.shape
    flags = (_ALPHA if _has_alpha(rgba) else 0) | (_PROFILE if icc_profile else 0)
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    before = [_chunk(b"VP8X", struct.pack("<I", flags) + size)]
    if icc_profile:
        before.append(_chunk(b"ICCP", icc_profile))
    body = b"".join((b"WEBP", *before, *chunks))
    return b"".join((b"RIFF", struct.pack("<I", len(body)), body))


def _has_alpha(rgba: NDArray[np.uint8]) -> bool:
    return bool(rgba[:, :, 3].min() < 255)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join((kind, struct.pack("<I", len(data)), data, b"\0" * (len(data) % 2)))


@contextmanager
def _hidden_colours_filled(rgba: NDArray[np.uint8]) -> Iterator[None]:
    """Meanwhile, what is hidden in a block of which something shows has the mean colour of that.

    Neighbours share their hue, so that black there would bleed into the edge. In place, as a copy would be the largest
    thing in memory.
    """
    whole_pixels = rgba.view(np.uint32)[:, :, 0]
    strips = [slice(top, top + _BLOCK) for top in range(0, len(rgba), _BLOCK)]
    try:
        for rows in strips:
            if len(columns := _columns_of_mixed_blocks(rgba[rows, :, 3])):
                blocks = whole_pixels[rows].take(columns, axis=1).view(np.uint8).reshape(-1, len(columns), 4)
                whole_pixels[rows, columns] = _filled(blocks, columns).view(np.uint32)[:, :, 0]
        yield
    finally:
        for rows in strips:
            if len(columns := _columns_of_mixed_blocks(alpha := rgba[rows, :, 3])):
                whole_pixels[rows, columns] *= alpha[:, columns] != 0


def _columns_of_mixed_blocks(alpha: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Of the blocks in a strip of which some shows and some is hidden."""
    shown = alpha != 0
    starts = np.arange(0, shown.shape[1], _BLOCK)
    some = np.logical_or.reduceat(shown.any(axis=0), starts)
    mixed = some & ~np.logical_and.reduceat(shown.all(axis=0), starts)
    return np.flatnonzero(mixed.repeat(_BLOCK)[: shown.shape[1]])


def _filled(blocks: NDArray[np.uint8], columns: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Mixed blocks side by side, whose columns those are in the image."""
    hidden = blocks[:, :, 3:] == 0
    starts = np.flatnonzero(columns % _BLOCK == 0)
    # What is hidden is black, and adds nothing to the sums.
    sums = np.add.reduceat(blocks[:, :, :3].sum(axis=0, dtype=np.uint32), starts)
    means = sums // np.add.reduceat((~hidden).sum(axis=0, dtype=np.uint32), starts)
    widths = np.diff(starts, append=len(columns))
    np.copyto(blocks[:, :, :3], means.astype(np.uint8).repeat(widths, axis=0), where=hidden)
    return blocks
