"""WebP's lossless bitstream, written by strips: as small as libwebp's second effort, in hardly any memory.

Each sample is predicted from its three neighbours, what is left is coded by one prefix code for each channel, and a
repetition as the length of its run. libwebp takes 20 bytes a pixel for it.
The format: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

_STRIP_ROWS = 16
_LONGEST_RUN = 4096
_LONGEST_CODE = 15
_LENGTH_PREFIXES = 24  # symbols that follow the 256 values of the first channel
# A code of 16 lengths of 4 bits each; in the order 17, 18, 0 to 5, 16, 6 to 15.
_LENGTHS_OF_LENGTHS = [0, 0, 4, 4, 4, 4, 4, 4, 0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4]

type Fields = list[tuple[int, int]]
"""Values and their numbers of bits."""

_NO_MORE_TRANSFORMS: Fields = [(0, 1)]
_SUBTRACT_GREEN: Fields = [(1, 1), (2, 2)]
_ZERO: Fields = [(0b0001, 4)]  # a code whose only symbol, of no bits, is 0
_LEFT: Fields = [(0b1001, 4)]  # of distances: the neighbour to the left
# Mode 12, left + above - above left, in all blocks of 512 x 512 pixels: an image of one colour, which takes no bits.
_PREDICT: Fields = [(1, 1), (0, 2), (7, 3), (0, 1), (0b101, 3), (12, 8), *_ZERO * 4]
_ONE_CODE_FOR_ALL: Fields = [(0, 1), (0, 1)]  # neither a cache of colours nor different codes


def coded_image(rgba: NDArray[np.uint8]) -> bytes:
    """The content of a chunk VP8L, `rgba` being (height, width, 4)."""
    height, width, _ = rgba.shape
    has_alpha = bool(rgba[:, :, 3].min() < 255)
    header: Fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (has_alpha, 1), (0, 3)]
    # The prediction of the first pixel is opaque black.
    return _coded(rgba, np.array([0, 0, 0, 255]), [*header, *_SUBTRACT_GREEN, *_PREDICT])


def coded_alpha(alpha: NDArray[np.uint8]) -> bytes:
    """The content of a chunk ALPH, `alpha` being (height, width)."""
    is_compressed, is_predicted = 1, 3  # in the same way, by a filter instead of the transform
    return _coded(alpha[:, :, np.newaxis], np.array([0]), [(is_compressed, 2), (is_predicted, 2), (0, 4)])


def _coded(pixels: NDArray[np.uint8], first: NDArray[np.int64], header: Fields) -> bytes:
    channels = pixels.shape[2]
    counts = [np.zeros(256 + (0 if channel else _LENGTH_PREFIXES), np.int64) for channel in range(channels)]
    for values, repeats in _runs(pixels, first):
        for channel in range(channels):
            counts[channel] += np.bincount(values[:, channel], minlength=len(counts[channel]))
        counts[0] += np.bincount(_PREFIXES[_copies(repeats)], minlength=len(counts[0]))
    codes = [_Code(count) for count in counts]
    bits = _Bits()
    tables = [field for code in codes for field in code.fields()] + _ZERO * (4 - channels) + _LEFT
    bits.append(*_arrays([*header, *_NO_MORE_TRANSFORMS, *_ONE_CODE_FOR_ALL, *tables]))
    for values, repeats in _runs(pixels, first):
        bits.append(*_tokens(values, repeats, codes))
    return bits.flushed()


def _runs(pixels: NDArray[np.uint8], first: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """By strip: what is left of the pixels after prediction, (n, channels), and how often each is repeated."""
    _, width, channels = pixels.shape
    above: NDArray[np.uint8] | None = None
    for top in range(0, len(pixels), _STRIP_ROWS):
        rows = _green_first(pixels[top : top + _STRIP_ROWS])
        left_over = _residuals(rows, above, first)
        above = rows[-1]
        values = left_over.reshape(len(rows) * width, channels)
        whole = values.view(np.uint32)[:, 0] if channels == 4 else values[:, 0]
        starts = np.flatnonzero(np.concatenate(([True], whole[1:] != whole[:-1])))
        yield values[starts], np.diff(starts, append=len(values)) - 1


def _green_first(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rows' samples in the order of the stream, (rows, width * channels): green, red and blue without it, alpha."""
    if strip.shape[2] == 4:
        red, green, blue, alpha = (strip[:, :, channel] for channel in range(4))
        strip = np.stack((green, red - green, blue - green, alpha), axis=2)
    return strip.reshape(len(strip), -1)


def _residuals(rows: NDArray[np.uint8], above: NDArray[np.uint8] | None, first: NDArray[np.int64]) -> NDArray[np.uint8]:
    """What is left when left + above - above left, bounded to 0 to 255, is taken off each sample."""
    channels = len(first)
    wide = np.empty((len(rows) + 1, rows.shape[1]), np.int16)
    wide[0] = 0 if above is None else above
    wide[1:] = rows
    predicted = np.empty(rows.shape, np.int16)
    predicted[:, :channels] = wide[:-1, :channels]
    np.add(wide[1:, :-channels], wide[:-1, channels:], out=predicted[:, channels:])
    predicted[:, channels:] -= wide[:-1, :-channels]
    np.clip(predicted, 0, 255, out=predicted)
    if above is None:
        predicted[0, :channels] = first
        predicted[0, channels:] = rows[0, :-channels]
    return rows - predicted.astype(np.uint8)


def _copies(repeats: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lengths of the copies that make up these repetitions."""
    repeats = repeats[repeats > 0]
    ends = np.cumsum(-(-repeats // _LONGEST_RUN))
    lengths = np.full(ends[-1] if len(ends) else 0, _LONGEST_RUN)
    lengths[ends - 1] = (repeats - 1) % _LONGEST_RUN + 1
    return lengths


def _tokens(
    values: NDArray[np.uint8], repeats: NDArray[np.int64], codes: list["_Code"]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Bits and their numbers: the channels of each value, two at a time, and the copies that follow it."""
    pairs = -(-len(codes) // 2)
    copies = -(-repeats // _LONGEST_RUN)
    starts = np.cumsum(pairs + copies) - copies - pairs
    bits = np.empty(len(values) * pairs + copies.sum(), np.uint64)
    widths = np.empty(len(bits), np.uint64)
    is_copy = np.ones(len(bits), bool)
    for pair in range(pairs):
        places = starts + pair
        is_copy[places] = False
        code, symbols = codes[2 * pair], values[:, 2 * pair]
        some_bits, some_widths = code.bits[symbols], code.widths[symbols]
        if len(codes) > 1:
            code, symbols = codes[2 * pair + 1], values[:, 2 * pair + 1]
            some_bits |= code.bits[symbols] << some_widths
            some_widths += code.widths[symbols]
        bits[places], widths[places] = some_bits, some_widths
    lengths = _copies(repeats)
    prefixes = _PREFIXES[lengths]
    bits[is_copy] = codes[0].bits[prefixes] | _EXTRAS[lengths] << codes[0].widths[prefixes]
    widths[is_copy] = codes[0].widths[prefixes] + _EXTRA_WIDTHS[lengths]
    return bits, widths


def _prefixes() -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]:
    """By length: its symbol, the bits that follow it, and their number."""
    lengths = np.arange(_LONGEST_RUN + 1)
    rest = np.maximum(lengths - 1, 1)
    highest = np.floor(np.log2(rest)).astype(np.int64)
    width = np.where(lengths <= 4, 0, highest - 1)
    symbols = 256 + np.where(lengths <= 4, lengths - 1, 2 * highest + (rest >> width & 1))
    return symbols, (rest & (1 << width) - 1).astype(np.uint64), width.astype(np.uint64)


_PREFIXES, _EXTRAS, _EXTRA_WIDTHS = _prefixes()


class _Code:
    """A canonical prefix code for symbols that occur `counts` times; the first bit lowest. A lone symbol needs none."""

    def __init__(self, counts: NDArray[np.int64]) -> None:
        self._commonest = int(counts.argmax())
        lengths = _code_lengths(counts)
        self.widths = lengths.astype(np.uint64)
        self.bits = np.zeros(len(counts), np.uint64)
        code = 0
        for length in range(1, _LONGEST_CODE + 1):
            for symbol in np.flatnonzero(lengths == length):
                self.bits[symbol] = _reversed(code, length)
                code += 1
            code <<= 1

    def fields(self) -> Fields:
        if not self.widths.any():
            return [(0b101, 3), (self._commonest, 8)]
        lengths = [(_reversed(length, 4), 4) for length in self.widths.tolist()]
        return [(0, 1), (15, 4), *((length, 3) for length in _LENGTHS_OF_LENGTHS), (0, 1), *lengths]


def _code_lengths(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Huffman's, with flatter counts until none is longer than _LONGEST_CODE; 0 for what does not occur."""
    lengths = np.zeros(len(counts), np.int64)
    heap = [(int(counts[symbol]), int(symbol), [int(symbol)]) for symbol in np.flatnonzero(counts)]
    heapify(heap)
    while len(heap) > 1:
        (few, _, some), (more, tie, others) = heappop(heap), heappop(heap)
        lengths[some + others] += 1
        heappush(heap, (few + more, tie, some + others))
    return lengths if lengths.max() <= _LONGEST_CODE else _code_lengths((counts + 1) // 2)


def _reversed(bits: int, width: int) -> int:
    return int(f"{bits:0{width}b}"[::-1], 2)


def _arrays(fields: Fields) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    bits, widths = zip(*fields, strict=True)
    return np.array(bits, np.uint64), np.array(widths, np.uint64)


class _Bits:
    """Up to 32 bits at a time, one behind the other, the lowest first."""

    def __init__(self) -> None:
        self._full: list[bytes] = []
        self._started = 0  # the word that is not full yet
        self._position = 0  # in it

    def append(self, bits: NDArray[np.uint64], widths: NDArray[np.uint64]) -> None:
        ends = np.cumsum(widths, dtype=np.int64) + self._position
        places = ends - widths.astype(np.int64)
        shifted = bits << (places & 31).astype(np.uint64)
        full, self._position = divmod(int(ends[-1]), 32)
        index = places >> 5
        # Different bits of a word are added up, which floating point holds exactly.
        words = np.bincount(index, shifted & np.uint64(0xFFFFFFFF), full + 2)
        words[1:] += np.bincount(index, shifted >> np.uint64(32), full + 2)[:-1]
        words[0] += self._started
        self._full.append(words[:full].astype("<u4").tobytes())
        self._started = int(words[full])

    def flushed(self) -> bytes:
        return b"".join((*self._full, self._started.to_bytes(4, "little")))
