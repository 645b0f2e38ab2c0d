"""Makers of image files: ordinary ones by Pillow, the ones that Pillow does not write by hand."""

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from imaging.photo import inference_copy

type ToSrgb = Callable[[NDArray[np.float64]], NDArray[np.float64]]
type ColourSpace = tuple[bytes, ToSrgb]
"""A profile, and its colours from 0 to 1 as those of sRGB."""

register_heif_opener()  # for writing; the code under test opens files without it

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def gradient(width: int = 64, height: int = 48, seed: int = 7) -> NDArray[np.uint8]:
    """RGB whose four corners differ, under a little noise."""
    picture = np.random.default_rng(seed).integers(0, 30, (height, width, 3)).astype(np.uint8)
    x, y = np.arange(width, dtype=np.int32), np.arange(height, dtype=np.int32)[:, None]
    for channel, ramp in enumerate((x * 200 // width, y * 200 // height, (x + y) * 100 // (width + height))):
        picture[..., channel] += ramp.astype(np.uint8)
    return picture


def file_of(image: Image.Image, file_format: str, **options: Any) -> bytes:
    encoded = BytesIO()
    image.save(encoded, file_format, **options)
    return encoded.getvalue()


def padded_webp() -> bytes:
    """A lossless one whose last chunk is of odd length, so that a byte follows which is none of its own."""
    files = (file_of(Image.fromarray(gradient(width)), "WEBP", lossless=True) for width in range(50, 90))
    return next(content for content in files if int.from_bytes(content[16:20], "little") % 2)


EXACTLY: dict[str, dict[str, Any]] = {  # how Pillow keeps every pixel, or nearly, where that must be asked for
    "WEBP": {"lossless": True, "exact": True, "quality": 0, "method": 0},
    "HEIF": {"quality": -1, "chroma": 444, "matrix_coefficients": 0},
    "AVIF": {"quality": 100, "subsampling": "4:4:4", "speed": 10},
}


def photo_file(file_format: str, width: int = 64, height: int = 48, orientation: int | None = None) -> bytes:
    """Exact but for JPEG, GIF's 256 colours, and the last bits of AVIF."""
    options = EXACTLY.get(file_format, {}).copy()
    if orientation is not None:
        options["exif"] = exif_turning(orientation)
    return file_of(Image.fromarray(gradient(width, height)), file_format, **options)


def exif_turning(orientation: int) -> bytes:
    """In bytes, as a HEIC's transformations are made of them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, bits: int, colour_type: int) -> bytes:
    return PNG_SIGNATURE + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))


def png_file(
    size: tuple[int, int], bits: int, colour_type: int, rows: bytes, *chunks: bytes, after: tuple[bytes, ...] = ()
) -> bytes:
    """`rows` are the packed samples, `chunks` go before the pixels and `after` behind them."""
    row_bytes = len(rows) // size[1]
    lines = b"".join(b"\0" + rows[start : start + row_bytes] for start in range(0, len(rows), row_bytes))
    pixels = png_chunk(b"IDAT", zlib.compress(lines))
    end = png_chunk(b"IEND", b"")
    return png_header(*size, bits, colour_type) + b"".join(chunks) + pixels + b"".join(after) + end


PALETTE = png_chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
PALETTE_PNG = png_file((2, 1), 8, 3, bytes([1, 0]), PALETTE, png_chunk(b"tRNS", bytes([90])))


def text_bomb() -> bytes:
    return png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(8_000_000)))


def profile_bomb() -> bytes:
    return png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(8_000_000)))


@cache
def srgb_profile() -> bytes:
    """Always the same one: a profile holds the time at which it was made."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """An RGB profile in which what is called red is green, and the reverse: no viewer can mistake it for sRGB."""
    swapped = srgb_profile()
    for old, new in ((b"rXYZ", b"????"), (b"gXYZ", b"rXYZ"), (b"????", b"gXYZ")):
        swapped = swapped.replace(old, new, 1)
    return swapped


def srgb_curve(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1, as IEC 61966-2-1 has it."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


def display_p3() -> ColourSpace:
    """https://www.color.org/chardata/rgb/DisplayP3.xalter: the curve of sRGB, wider primaries."""

    def light(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)

    primaries = [(0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)]
    samples = np.rint(light(np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    curve = struct.pack(">4s4xI", b"curv", len(samples)) + samples.tobytes()
    return _matrix_space(primaries, curve, light)


def adobe_rgb() -> ColourSpace:
    """https://www.adobe.com/digitalimag/pdfs/AdobeRGB1998.pdf: gamma 563/256."""
    primaries = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
    curve = struct.pack(">4s4xIH2x", b"curv", 1, 563)
    return _matrix_space(primaries, curve, lambda values: values ** (563 / 256))


def pq_as_srgb(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITU-R BT.2100, white at 203 cd/m² as in BT.2408, and what is brighter fitted below it."""
    root = signal ** (1 / 78.84375)
    nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return _fitted(nits)


def hlg_as_srgb(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = 0.17883277, 1 - 4 * 0.17883277
    c = 0.5 - a * np.log(4 * a)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return _fitted(1000 * scene**1.2)


def _fitted(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    light, brightest = nits / 203, 1000 / 203
    return srgb_curve(np.minimum(light * (1 + light / brightest**2) / (1 + light), 1))


def cicp(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> bytes:
    return png_chunk(b"cICP", bytes([primaries, transfer, matrix, full_range]))


def gama(value: int) -> bytes:
    return png_chunk(b"gAMA", value.to_bytes(4))


def chrm(*points: float) -> bytes:
    """White, red, green, blue, each as x and y."""
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in points)))


ADOBE_CHRM = chrm(0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
SRGB_CHRM = chrm(0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)


def _matrix_space(
    primaries: list[tuple[float, float, float]], curve: bytes, light: Callable[[NDArray[np.float64]], Any]
) -> ColourSpace:
    """Primaries as XYZ under D50."""
    tags = {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        tags[name] = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in primary))
    srgb = np.array([(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)])

    def to_srgb(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return srgb_curve(light(values) @ np.array(primaries) @ np.linalg.inv(srgb))

    return _icc_profile(b"RGB ", b"mntr", b"XYZ ", tags), to_srgb


def grey_profile(gamma: float) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    return _icc_profile(b"GRAY", b"mntr", b"XYZ ", {b"kTRC": curve})


def cmyk_profile(cyan: tuple[int, int, int]) -> bytes:
    """In which full cyan is the Lab colour given (8-bit encoding), no ink is white, and every other mixture black."""
    identity = bytes(range(256))
    matrix = struct.pack(">9I", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    black = bytes([0, 128, 128])
    corners = bytes([255, 128, 128]) + black * 7 + bytes(cyan) + black * 7
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + corners + identity * 3
    return _icc_profile(b"CMYK", b"prtr", b"Lab ", {b"A2B0": table})


def _icc_profile(space: bytes, device: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2 and 7.3; version 2.4."""
    tags = {b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D), **tags}
    position = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", position + len(data), len(content))
        data += content
    header = struct.pack(">I4xI", position + len(data), 0x02400000) + device + space + connection + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + table + data


def with_icc(profile: bytes) -> bytes:
    """The chunk that carries a profile in a PNG."""
    return png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def is_about(pixels: np.ndarray, colour: tuple[int, int, int], tolerance: int = 6) -> bool:
    return bool((abs(pixels.astype(int) - colour) <= tolerance).all())


def seen_by_the_model(content: bytes) -> np.ndarray:
    """The pixels of the inference copy."""
    return np.asarray(opened(inference_copy(content).content)).astype(int)
