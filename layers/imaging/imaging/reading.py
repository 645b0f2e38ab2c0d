"""Opening image files that strangers send: what is taken, and what a refusal is called."""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image
from PIL.ExifTags import Base as ExifTag
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.WebPImagePlugin import WebPImageFile

from background_remover.domain.image_errors import (
    CorruptImageError,
    DecompressionBombError,
    EmptyImageError,
    ImageError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageTypeError,
)
from imaging.avif import open_avif
from imaging.boxes import said_sizes
from imaging.jpeg import Jpeg, require_few_scans
from imaging.png_chunks import open_png
from imaging.profiles import cicp_profile
from imaging.signatures import name_of_other_type

MAX_PIXELS = 50_000_000
BOMB_PIXELS = 178_956_970  # where Pillow by itself refuses: twice Image.MAX_IMAGE_PIXELS
MAX_GIF_BLOCKS = 50_000  # before the first frame; full ones fill more than the largest file

TAKEN = "JPEG, PNG, WebP, GIF, HEIC and AVIF are taken"


class _Gif(GifImageFile):
    """Pillow keeps each block of a comment as an object of its own, for tens of times the size of the file."""

    _blocks = 0

    def data(self) -> bytes | None:
        self._blocks += 1
        if self._blocks > MAX_GIF_BLOCKS:
            raise DecompressionBombError("The GIF has too many comments: save it without metadata.")
        return super().data()


def _webp(file: BytesIO) -> ImageFile:
    """A chunk of odd length is followed by a byte that is none of its own, and that a file may end without.

    https://www.rfc-editor.org/rfc/rfc9649#section-2.3
    """
    content, end, odd = file.getvalue(), 12, 0
    while end + 8 <= len(content):
        length = int.from_bytes(content[end + 4 : end + 8], "little")
        odd = length % 2
        end += 8 + length + odd
    return WebPImageFile(BytesIO(content + b"\0") if odd and end == len(content) + 1 else file)


def _heic(file: BytesIO) -> ImageFile:
    # Imported here: few photos are HEIC, and theirs is the only decoder that hardly anything else needs.
    from pillow_heif import options
    from pillow_heif.as_plugin import HeifImageFile

    # What lies beside the photo is not for us, and need not be parsed. A thumbnail would be taken for a draft.
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    heic: ImageFile = HeifImageFile(file)
    codes = heic.info.get("nclx_profile")
    if codes and not heic.info.get("icc_profile"):
        profile = cicp_profile(codes["color_primaries"], codes["transfer_characteristics"])
        heic.info["icc_profile"] = profile or None
    return heic


_OPENERS: list[tuple[re.Pattern[bytes], Callable[[BytesIO], ImageFile]]] = [
    (re.compile(rb"\xff\xd8\xff(?!\xf7)"), Jpeg),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), open_png),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _webp),
    (re.compile(rb"GIF8[79]a"), _Gif),
    # Still pictures in HEVC: https://nokiatech.github.io/heif/technical.html
    (re.compile(rb"\0\0\0.ftyp(hei[cx].{4}|mif1.{4}(?:.{4}){0,8}?hei[cx])", re.DOTALL), _heic),
    (re.compile(rb"\0\0\0.ftyp(avif.{4}|mif1.{4}(?:.{4}){0,8}?avif)", re.DOTALL), open_avif),
]


def open_image(content: bytes) -> ImageFile:
    """An image of one of the six types whose header has been read and found acceptable; no pixel is decoded yet."""
    if not content:
        raise EmptyImageError("The image is empty: it has 0 bytes.")
    opener = next((opener for signature, opener in _OPENERS if signature.match(content)), None)
    if opener is None:
        raise _refusal(content)
    if opener in (_heic, open_avif):
        # Before it is opened: libavif has a limit of its own, and calls what is beyond it damaged.
        _require_few_pixels(*max(said_sizes(content), key=math.prod))
    with hostile_data():
        image = opener(BytesIO(content))
    _require_few_pixels(*image.size)
    if opener is Jpeg:
        require_few_scans(content, image.width * image.height)
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


def _require_few_pixels(width: int, height: int) -> None:
    if width * height > BOMB_PIXELS:
        raise DecompressionBombError(
            f"The image claims {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} megapixels are taken."
        )
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(
            f"The image has {width * height / 1e6:.1f} megapixels; at most {MAX_PIXELS // 1_000_000} are taken."
        )


def _refusal(content: bytes) -> ImageError:
    if name := name_of_other_type(content):
        return UnsupportedImageTypeError(f"The image's type is {name}; {TAKEN}.")
    return NotAnImageError(f"The file is not an image; {TAKEN}.")
