"""The boxes that HEIC and AVIF consist of: ISO/IEC 14496-12 and 23008-12."""

import re
import struct
from collections.abc import Iterator

from background_remover.domain.image_errors import CorruptImageError

SIZELESS = "The image is damaged: it does not say how large it is."


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and bodies, of the outermost only: ISO/IEC 14496-12, 4.2."""
    position = 0
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        header = 8
        if length == 0:
            length = len(content) - position
        elif length == 1:  # the length proper follows
            header = 16
            length = int.from_bytes(content[position + 8 : position + header])
        if length < 8:  # libheif and libavif read no further either
            return
        yield kind, content[position + header : position + length]
        position += length


def said_sizes(content: bytes) -> list[tuple[int, int]]:
    """Widths and heights that items are said to have, of which a crop may show little. Raises CorruptImageError.

    libheif decodes nothing that is larger than its box `ispe` says: ISO/IEC 23008-12, 6.5.3.
    """
    sizes: list[tuple[int, int]] = []
    for kind, body in boxes(content):
        if kind == b"meta":
            plain = re.findall(rb"\0\0\0\x14ispe\0{4}(.{4})(.{4})", body, re.DOTALL)
            if len(plain) != body.count(b"ispe"):
                raise CorruptImageError(SIZELESS)
            sizes += ((int.from_bytes(width), int.from_bytes(height)) for width, height in plain)
    if not sizes:
        raise CorruptImageError(SIZELESS)
    return sizes
