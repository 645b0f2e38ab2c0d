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
    _, width, _ = rgba.shape
    starts = np.arange(0, width, _BLOCK)
    strips = [rgba[top : top + _BLOCK] for top in range(0, len(rgba), _BLOCK)]
    try:
        for rows in strips:
            hidden = rows[:, :, 3:] == 0
            if hidden.any():
                # What is hidden adds nothing to the sums, so that a block of which nothing shows stays black.
                sums = np.add.reduceat(rows[:, :, :3].sum(axis=0, dtype=np.uint16), starts)
                visible = np.add.reduceat((~hidden).sum(axis=0, dtype=np.uint16), starts)
                means = (sums // np.maximum(visible, 1)).astype(np.uint8)
                np.copyto(rows[:, :, :3], means.repeat(_BLOCK, axis=0)[:width], where=hidden)
        yield
    finally:
        for rows in strips:
            np.copyto(rows, 0, where=rows[:, :, 3:] == 0)
