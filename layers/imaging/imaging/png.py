"""A PNG writer for large cut-outs: one filter for every row, compressed by ISA-L.

At 12 megapixels it takes an eighth of the time of Pillow's quickest setting for a file of the same size.
The format: https://www.w3.org/TR/png-3/.
"""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

try:
    from isal import isal_zlib as deflate

    _COMPRESSION_LEVEL = 2  # ISA-L's 0 to 3; 3 takes half as long again and saves nothing on photographs
except ImportError:  # It is built for few processors. The standard library's takes ten times as long.
    import zlib as deflate  # type: ignore[no-redef]

    _COMPRESSION_LEVEL = 1

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels: greyscale, truecolour, truecolour with alpha
_FILTER_UP = 2  # each byte minus the one above it: the only filter that numpy does in one subtraction
_STRIP_ROWS = 32


def write_png(pixels: NDArray[np.uint8], icc_profile: bytes | None = None) -> bytes:
    """Eight bits a channel, `pixels` being (height, width, channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header)]
    if icc_profile is not None:
        parts.append(_chunk(b"iCCP", b"ICC profile\0\0" + deflate.compress(icc_profile, _COMPRESSION_LEVEL)))
    parts.extend(_chunk(b"IDAT", data) for data in _compressed(pixels))
    parts.append(_chunk(b"IEND", b""))
    return b"".join(parts)


def _compressed(pixels: NDArray[np.uint8]) -> Iterator[bytes]:
    """The zlib stream of the filtered rows, in pieces: filtering by strips keeps the working set in the cache."""
    height, width, channels = pixels.shape
    stream = deflate.compressobj(_COMPRESSION_LEVEL)
    filtered = np.empty((_STRIP_ROWS, 1 + width * channels), np.uint8)
    filtered[:, 0] = _FILTER_UP
    above = np.zeros(width * channels, np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        strip = pixels[top : top + _STRIP_ROWS].reshape(-1, width * channels)
        np.subtract(strip[0], above, out=filtered[0, 1:])
        np.subtract(strip[1:], strip[:-1], out=filtered[1 : len(strip), 1:])
        above = strip[-1]
        if piece := stream.compress(filtered[: len(strip)]):
            yield piece
    yield stream.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = deflate.crc32(data, deflate.crc32(kind))
    return b"".join((struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)))
