"""AVIF: https://aomediacodec.github.io/av1-avif/.

libavif lets dav1d decode frames of up to 268 megapixels, whatever the file says of its size, and Pillow sets no other
limit. So what AV1 itself says is read before: https://aomediacodec.github.io/av1-spec/, 5.5 and 5.9.5.
"""

import math
import re
from collections.abc import Iterator
from io import BytesIO

from PIL.ImageFile import ImageFile

from background_remover.domain.image_errors import CorruptImageError, DecompressionBombError
from imaging.boxes import SIZELESS, boxes, said_sizes
from imaging.profiles import cicp_profile

MAX_DECODED_PIXELS = 200_000_000  # by one file
_MOST_PER_SHOWN = 6  # photo and alpha, in frames or tiles that may be larger
_FEW_PIXELS = 1_000_000  # of which nobody needs to ask what for
_MOST_UNITS = 20_000  # a picture has three or four
_SEQUENCE_HEADER, _FRAME_HEADER, _FRAME = 1, 3, 6


def open_avif(file: BytesIO) -> ImageFile:
    # Imported here: few photos are AVIF, and theirs is a library of its own.
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # Lambda has about one processor, and dav1d's threads take memory
    content = file.getvalue()
    meta = dict(boxes(content)).get(b"meta", b"")
    shown = max(map(math.prod, said_sizes(content)))
    if decoded_pixels(content, meta) > min(MAX_DECODED_PIXELS, _MOST_PER_SHOWN * max(shown, _FEW_PIXELS)):
        raise DecompressionBombError("The AVIF has a decoder decode far more pixels than it shows.")
    avif = AvifImagePlugin.AvifImageFile(file)
    codes = re.search(rb"colrnclx(..)(..)", meta, re.DOTALL)
    if codes and not avif.info.get("icc_profile"):
        avif.info["icc_profile"] = cicp_profile(int.from_bytes(codes[1]), int.from_bytes(codes[2])) or None
    return avif


def decoded_pixels(avif: bytes, meta: bytes) -> int:
    """At most, in all pictures and their frames. `meta` is the body of that box."""
    units = 0
    pixels = 0
    for data in _av1_items(avif, dict(boxes(meta[4:]))):
        size, frames = 0, 0
        for kind, payload in _units(data):
            units += 1
            if units > _MOST_UNITS:
                raise DecompressionBombError("The AVIF consists of too many parts.")
            if kind == _SEQUENCE_HEADER:
                size = max(size, _most_pixels(_Bits(payload)))
            frames += kind in (_FRAME_HEADER, _FRAME)
        if not size:
            raise CorruptImageError(SIZELESS)
        pixels += size * max(frames, 1)
    if not pixels:
        raise CorruptImageError(SIZELESS)
    return pixels


def _av1_items(avif: bytes, meta: dict[bytes, bytes]) -> Iterator[bytes]:
    """ISO/IEC 14496-12, 8.11.3 and 8.11.6. libavif refuses a file in which one of these boxes comes twice."""
    # Overlapping ones as well: a name in the box could contain the beginning of another.
    entries = re.findall(rb"(?=infe(?:\x02...(..)|\x03...(....))..av01)", meta.get(b"iinf", b""), re.DOTALL)
    ids = {int.from_bytes(short or long) for short, long in entries}
    iloc = _Bits(meta.get(b"iloc", b""))
    version, _ = iloc.read(8), iloc.read(24)
    offset_bits, length_bits, base_bits, index_bits = (8 * iloc.read(4) for _ in range(4))
    left = len(avif)
    for _ in range(iloc.read(32 if version == 2 else 16)):
        item = iloc.read(32 if version == 2 else 16)
        within = meta.get(b"idat", b"") if version and iloc.read(16) & 15 else avif
        _, base = iloc.read(16), iloc.read(base_bits)
        data = b""
        for _ in range(iloc.read(16)):
            if version:
                iloc.read(index_bits)
            start = base + iloc.read(offset_bits)
            length = iloc.read(length_bits)
            if item in ids:
                data += within[start : start + length] if length else within[start:]
        left -= len(data)
        if left < 0:
            raise CorruptImageError("The AVIF is damaged: its pictures are larger than the file.")
        if item in ids:
            yield data


def _units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """OBUs: kinds and payloads."""
    bits = _Bits(data)
    while bits.left:
        bits.read(1)
        kind, extended, sized, _ = bits.read(4), bits.read(1), bits.read(1), bits.read(1)
        bits.read(8 * extended)
        length = _leb128(bits) if sized else bits.left // 8
        yield kind, bits.take(length)


def _leb128(bits: "_Bits") -> int:
    value = 0
    for place in range(8):
        byte = bits.read(8)
        value |= (byte & 127) << 7 * place
        if byte < 128:
            break
    return value


def _most_pixels(header: "_Bits") -> int:
    """By a sequence header. Frames may have a size of their own, of as many bits, but for the plainest kind."""
    header.read(4)
    if reduced := header.read(1):
        header.read(5)
    else:
        _skip_to_size(header)
    width_bits, height_bits = header.read(4) + 1, header.read(4) + 1
    width, height = header.read(width_bits) + 1, header.read(height_bits) + 1
    return width * height if reduced else 1 << width_bits + height_bits


def _skip_to_size(header: "_Bits") -> None:
    """Past timing, decoder model and operating points."""
    delay_bits = 0
    if header.read(1):
        header.read(64)
        if header.read(1):
            zeros = 0
            while not header.read(1):
                zeros += 1
            header.read(zeros if zeros < 32 else 0)
        if header.read(1):
            delay_bits = header.read(5) + 1
            header.read(42)
    display_delay = header.read(1)
    for _ in range(header.read(5) + 1):
        header.read(12)
        if header.read(5) > 7:
            header.read(1)
        if delay_bits and header.read(1):
            header.read(2 * delay_bits + 1)
        if display_delay and header.read(1):
            header.read(4)


class _Bits:
    """Reads from the first and highest bit on. CorruptImageError beyond the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def left(self) -> int:
        return 8 * len(self._data) - self._position

    def read(self, bits: int) -> int:
        if bits > self.left:
            raise CorruptImageError("The AVIF breaks off or is damaged.")
        start, self._position = self._position, self._position + bits
        last = -(-self._position // 8)
        return int.from_bytes(self._data[start // 8 : last]) >> 8 * last - self._position & (1 << bits) - 1

    def take(self, length: int) -> bytes:
        """Whole bytes, at the beginning of one, as far as there are any."""
        start = self._position // 8
        self._position = min(self._position + 8 * length, 8 * len(self._data))
        return self._data[start : start + length]
