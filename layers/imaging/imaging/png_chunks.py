"""What a PNG says beside its pixels: how its colours are to be read, and which way up it is.

Browsers pass over what is damaged there. Pillow refuses the file, and keeps nothing about colours but an ICC profile.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import takewhile
from typing import NamedTuple

from PIL.PngImagePlugin import PngImageFile

from imaging.profiles import SRGB, Primaries, cicp_profile, colour_space, gamma_profile

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_KINDS = {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"}


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int


def open_png(file: BytesIO) -> PngImageFile:
    """With `icc_profile` and `exif` in its `info`, whatever chunks they come from."""
    content = file.getvalue()
    chunks = list(_chunks(content))
    sound = [chunk for chunk in chunks if _is_sound(chunk, content)]
    colours: dict[bytes, _Chunk] = {}
    for chunk in takewhile(lambda chunk: chunk.kind not in (b"PLTE", b"IDAT"), sound):
        if chunk.kind in _COLOUR_KINDS:
            colours.setdefault(chunk.kind, chunk)
    for_pillow = [chunk for chunk in sound if chunk.kind not in _COLOUR_KINDS or chunk is colours.get(b"iCCP")]
    if len(for_pillow) < len(chunks):
        pieces = [content[chunk.start : chunk.end] for chunk in for_pillow]
        file = BytesIO(b"".join([_SIGNATURE, *pieces]))
    image = PngImageFile(file)
    profile = _profile({kind: _data(chunk, content) for kind, chunk in colours.items()}, image)
    if profile is not None:
        image.info["icc_profile"] = None if profile == SRGB else profile
    exif = next((chunk for chunk in sound if chunk.kind == b"eXIf"), None)
    if exif is not None and "exif" not in image.info:
        # Behind the pixels (https://www.w3.org/TR/png-3/#5ChunkOrdering), where Pillow comes with `load`.
        image.info["exif"] = _data(exif, content)
    return image


def _chunks(content: bytes) -> Iterator[_Chunk]:
    """The last one may be broken off: https://www.w3.org/TR/png-3/#5Chunk-layout."""
    position = len(_SIGNATURE)
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        yield _Chunk(kind, position, position + 12 + length)
        position += 12 + length


def _data(chunk: _Chunk, content: bytes) -> bytes:
    return content[chunk.start + 8 : chunk.end - 4]


def _is_sound(chunk: _Chunk, content: bytes) -> bool:
    """True of all that the picture cannot do without: Pillow is to judge that."""
    if not chunk.kind[0] & 0x20:
        return True
    if chunk.kind == b"iCCP" and not re.match(rb"[^\0]{1,79}\0\0", _data(chunk, content)):
        return False
    return zlib.crc32(content[chunk.start + 4 : chunk.end - 4]).to_bytes(4) == content[chunk.end - 4 : chunk.end]


def _profile(colours: dict[bytes, bytes], image: PngImageFile) -> bytes | None:
    """SRGB where that is said, None where nothing else is: https://www.w3.org/TR/png-3/#color-chunk-precendence."""
    primaries, transfer, matrix, full_range = colours.get(b"cICP", b"").ljust(4, b"\0")[:4]
    if len(colours.get(b"cICP", b"")) == 4 and (matrix, full_range) == (0, 1):
        profile = cicp_profile(primaries, transfer)
        if profile is not None:
            return profile
    is_grey = image.mode in ("1", "L", "LA", "I;16")
    if colour_space(image.info.get("icc_profile") or b"") in (b"RGB ", b"GRAY" if is_grey else b"RGB "):
        return None
    if len(colours.get(b"sRGB", b"")) == 1:
        return SRGB
    gamma = colours.get(b"gAMA", b"")
    if len(gamma) != 4 or not any(gamma):
        return None  # browsers make nothing of cHRM alone
    chromaticities = colours.get(b"cHRM", b"")
    points = None
    if len(chromaticities) == 32:
        values = [value / 100_000 for value in struct.unpack(">8I", chromaticities)]
        points = Primaries(*zip(values[::2], values[1::2], strict=True))
    return gamma_profile(100_000 / int.from_bytes(gamma), points)
