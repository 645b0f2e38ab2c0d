"""Opening image files that strangers send: what is taken, and what a refusal is called."""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from background_remover.domain.errors import (
    CorruptImageError,
    DecompressionBombError,
    EmptyImageError,
    ImageError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageTypeError,
)

MAX_PIXELS = 50_000_000
BOMB_PIXELS = 178_956_970  # where Pillow by itself refuses: twice Image.MAX_IMAGE_PIXELS
MAX_SCANNED_PIXELS = 2_500_000_000  # 50 scans at 50 MP, 200 at 12 MP: encoders write about ten

_SIGNATURES: dict[type[ImageFile], re.Pattern[bytes]] = {
    JpegImageFile: re.compile(rb"\xff\xd8\xff"),
    PngImageFile: re.compile(rb"\x89PNG\r\n\x1a\n"),
    WebPImageFile: re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
# Recognised here and not by Pillow, whose forty decoders would all have a go at the stranger's bytes.
_OTHER_TYPES = {
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM.{4}\0{4}", re.DOTALL),
    "TIFF": re.compile(rb"II[*+]\0|MM\0[*+]"),
    "HEIC": re.compile(rb".{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL),
    "AVIF": re.compile(rb".{4}ftypavi[fs]", re.DOTALL),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\0\0\0\x0cJXL |\xff\x0a"),
    "Photoshop": re.compile(rb"8BPS\0"),
    "icon": re.compile(rb"\0\0[\1\2]\0"),
}


def open_image(content: bytes) -> ImageFile:
    """A JPEG, PNG or WebP whose header has been read and found acceptable; no pixel is decoded yet."""
    if not content:
        raise EmptyImageError("The image is empty: it has 0 bytes.")
    image_file = next((kind for kind, signature in _SIGNATURES.items() if signature.match(content)), None)
    if image_file is None:
        raise _refusal(content)
    with hostile_data():
        image = image_file(BytesIO(content))
    width, height = image.size
    if width * height > BOMB_PIXELS:
        raise DecompressionBombError(
            f"The image claims {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} megapixels are taken."
        )
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(
            f"The image has {width * height / 1e6:.1f} megapixels; at most {MAX_PIXELS // 1_000_000} are taken."
        )
    # In the coded pixels of a JPEG FF is never followed by DA, which starts a scan. Each scan visits every pixel, and
    # costs as little as a hundred bytes: https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
    if image_file is JpegImageFile and content.count(b"\xff\xda") * width * height > MAX_SCANNED_PIXELS:
        raise DecompressionBombError("The JPEG has too many scans for its size: save it anew, not progressive.")
    if isinstance(image, PngImageFile) and "exif" not in image.info and (exif := _exif_chunk(content)):
        image.info["exif"] = exif
    return image


@contextmanager
def hostile_data() -> Iterator[None]:
    """Around Pillow's work on a stranger's bytes: all it raises becomes CorruptImageError or DecompressionBombError."""
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise DecompressionBombError(
            f"The image claims too many pixels; at most {MAX_PIXELS // 1_000_000} megapixels are taken."
        ) from error
    except Exception as error:
        # Pillow has no type of its own for text and profiles of a PNG that unpack beyond its limits.
        if isinstance(error, ValueError) and re.search("Decompressed data too large|Too much memory", str(error)):
            raise DecompressionBombError(
                "A text or colour profile inside the image unpacks to more than 1 MB; save it without metadata."
            ) from error
        raise CorruptImageError("The image breaks off or is damaged: it does not decode.") from error


def orientation(image: ImageFile) -> int:
    """EXIF's Orientation, 1 to 8 (https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf, 4.6.4)."""
    try:
        # PngImageFile's own `getexif` decodes every pixel first, in search of a chunk that `open_image` has found.
        value = Image.Image.getexif(image).get(ExifTag.Orientation, 1)
    except Exception:  # damaged metadata say nothing about the picture
        return 1
    return value if value in range(1, 9) else 1


def _refusal(content: bytes) -> ImageError:
    for name, signature in _OTHER_TYPES.items():
        if signature.match(content):
            return UnsupportedImageTypeError(f"The image's type is {name}; JPEG, PNG and WebP are taken.")
    return NotAnImageError("The file is not an image; JPEG, PNG and WebP are taken.")


def _exif_chunk(content: bytes) -> bytes | None:
    """A PNG may have its EXIF after the pixels (https://www.w3.org/TR/png-3/#5ChunkOrdering)."""
    position = len(b"\x89PNG\r\n\x1a\n")
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind == b"eXIf":
            return content[position + 8 : position + 8 + length]
        position += 12 + length
    return None
