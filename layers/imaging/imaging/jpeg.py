"""JPEGs that end without their end marker: which of them lack nothing else.

Where the bits of a picture run out libjpeg makes the rest grey, and Pillow does not pass its warning on.
"""

import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from random import Random
from typing import Any

from PIL.JpegImagePlugin import JpegImageFile

from background_remover.domain.image_errors import CorruptImageError, DecompressionBombError

MAX_SCANNED_PIXELS = 2_500_000_000  # 50 scans at 50 MP, 200 at 12 MP: encoders write about ten

_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
# Beginning with 1 and with 0, free of markers, and longer than any ten blocks, of which some may be beyond the edge.
_GUESSES = [
    bytes([first]) + Random(first).randbytes(4096).replace(b"\xff", b"\xfe") for first in (0xFE, 0xAA, 0x55, 0x13)
]
_LONG_RUN = 32  # bytes that are equal; fewer may be of blocks beyond the edge
_STRIP_ROWS = 64


class Jpeg(JpegImageFile):
    """Takes a file that lacks its end marker, and refuses one that lacks pixels: CorruptImageError from `load`."""

    def load(self) -> Any:
        if isinstance(self.fp, BytesIO):  # Pillow lets go of it with the first `load`, and calls again for all it does
            content = self.fp.getvalue()
            if not content.endswith(_END) and all(kind != _END[1] for kind, _, _ in _segments(content)):
                require_few_scans(content, self.width * self.height * len(_GUESSES))
                if not _lacks_only_its_end(content):
                    raise CorruptImageError("The JPEG breaks off: some of its pixels are missing.")
                self.fp = BytesIO(content + _END)
        return super().load()


def require_few_scans(jpeg: bytes, pixels: int) -> None:
    """DecompressionBombError where visiting every pixel for each scan would take too long.

    A scan costs as little as a hundred bytes: https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
    """
    if jpeg.count(_SCAN) * pixels > MAX_SCANNED_PIXELS:  # in the coded pixels FF is never followed by DA
        raise DecompressionBombError("The JPEG has too many scans for its size: save it anew, not progressive.")


def _lacks_only_its_end(jpeg: bytes) -> bool:
    run = len(jpeg) - len(jpeg.rstrip(jpeg[-1:]))
    # A download that broke off may be filled up with zeros, which decode as well. If the last of them are not the
    # picture's, none may be.
    if run > _LONG_RUN and _is_whole(jpeg[:-_LONG_RUN]):
        jpeg = jpeg[:-run]
    return _is_whole(jpeg)


def _is_whole(jpeg: bytes) -> bool:
    """Whether every scan has begun, and the picture is the same whatever the last one goes on with."""
    segments = list(_segments(jpeg))
    if not _has_every_scan(segments):
        return False
    stuffing = b"\0" if jpeg.endswith(b"\xff") else b""  # or what follows would be taken for a marker
    tails = [stuffing + guess for guess in _GUESSES]
    if any(kind == 0xDD and any(data) for kind, data, _ in segments):
        # Between intervals all is skipped up to the restart marker that would be next.
        last_scan = max(end for kind, _, end in segments if kind == _SCAN[1])
        restarts = len(re.findall(rb"\xff[\xd0-\xd7]", jpeg[last_scan:]))
        tails += [bytes([0xFF, 0xD0 + restarts % 8]) + guess for guess in _GUESSES]
    picture = _picture(jpeg + _END)
    return all(_picture(jpeg + tail + _END) == picture for tail in tails)


def _picture(jpeg: bytes) -> bytes:
    """A digest of its pixels: two pictures need not be in memory at once."""
    image = JpegImageFile(BytesIO(jpeg))
    digest = hashlib.sha256()
    for top in range(0, image.height, _STRIP_ROWS):
        digest.update(image.crop((0, top, image.width, min(top + _STRIP_ROWS, image.height))).tobytes())
    return digest.digest()


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Markers with what they head, and where that ends: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1."""
    position = 2
    # In the coded pixels FF is followed by 0 or a restart marker.
    while found := re.compile(rb"\xff+([^\0\xff\xd0-\xd7])").search(jpeg, position):
        position = found.end() + max(2, int.from_bytes(jpeg[found.end() : found.end() + 2]))
        yield found[1][0], jpeg[found.end() + 2 : position], position


def _has_every_scan(segments: list[tuple[int, bytes, int]]) -> bool:
    """Whether there is one for each component, and in a progressive file for each coefficient down to its last bit."""
    progressive = False
    missing = {(0, 0)}
    for kind, data, _ in segments:
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            progressive = kind & 3 == 2
            missing = {(component, place) for component in data[6::3] for place in range(64 if progressive else 1)}
        elif kind == _SCAN[1] and data and len(data) == 4 + 2 * data[0]:
            first, last, bits = data[-3:]
            if not progressive:
                missing -= {(component, 0) for component in data[1:-3:2]}
            elif bits & 15 == 0:
                missing -= {(component, place) for component in data[1:-3:2] for place in range(first, last + 1)}
    return not missing
