"""The user's photo: what it is, what the model gets to see of it, and its pixels."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.placement import Box, Region
from imaging.colour import direct_colour, rgb_profile, to_srgb, upright_arrays
from imaging.png import write_png
from imaging.reading import MAX_PIXELS as MAX_PIXELS
from imaging.reading import hostile_data, open_image, orientation
from imaging.region import region_box

# The models squash whatever they get to 1024 x 1024: with 1024 on the short edge they miss nothing in either direction.
INFERENCE_SHORT_EDGE = 1024
INFERENCE_LONG_EDGE = 2048

BYTES_PER_PIXEL = 21
"""What decoding a HEIC with ten bits a channel and alpha takes at its peak. A WebP or an AVIF takes 16, and what is
done with the photo afterwards up to 14."""

_CONTENT_TYPES = {  # by Pillow's names
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}
_TRANSPOSITIONS = {  # from EXIF's Orientation to what makes the photo upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """`width` and `height` are those of the upright photo."""

    content_type: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class EncodedImage:
    content: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Photo:
    """Upright, at full resolution.

    `rgb` is (height, width, 3), as decoded, to be read in `icc_profile` (sRGB where that is None). `alpha` is
    (height, width): the transparency that the file itself has, None where the file has no such thing.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    icc_profile: bytes | None

    def part(self, box: Box) -> "Photo":
        """Views of the same pixels."""
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        alpha = None if self.alpha is None else self.alpha[rows, columns]
        return Photo(self.rgb[rows, columns], alpha, self.icc_profile)

    def on_white(self, rows: slice, columns: slice = slice(None)) -> NDArray[np.uint8]:
        """(height, width, 3) as the model sees it: the hidden colours of transparent pixels can be anything."""
        rgb = self.rgb[rows, columns]
        if self.alpha is None:
            return rgb
        opacity = self.alpha[rows, columns, np.newaxis].astype(np.uint16)
        return ((rgb * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)


def inspect(content: bytes) -> PhotoInfo:
    """Reads the header only.

    Raises EmptyImageError, NotAnImageError, UnsupportedImageTypeError, CorruptImageError, TooManyPixelsError or
    DecompressionBombError. What is damaged further on is found by `inference_copy` and `decode`.
    """
    image = open_image(content)
    width, height = image.size
    if orientation(image) >= 5:
        width, height = height, width
    return PhotoInfo(_CONTENT_TYPES[str(image.format)], width, height)


def inference_copy(content: bytes, region: Region | None = None) -> EncodedImage:
    """What Hugging Face gets: the region, or all of the photo, upright, opaque, sRGB, without metadata, never enlarged.

    The short edge is at most INFERENCE_SHORT_EDGE and the long one at most INFERENCE_LONG_EDGE. A JPEG, or a PNG where
    that is smaller, as it is for graphics.

    The whole file is decoded for it: it raises what `inspect` raises, and CorruptImageError where the pixels break
    off or do not decode. InvalidRegionError as `region_box`.
    """
    if region is not None:
        return _copy_of_part(content, region)
    image = open_image(content)
    turn = _TRANSPOSITIONS.get(orientation(image))
    size = _inference_size(image)
    with hostile_data():
        # A JPEG is decoded at 1/2, 1/4 or 1/8 where that is enough: half the time. All of it is read all the same.
        drafted = image.draft("RGB", size)
        image.load()
        small = direct_colour(image)
    small = small.resize(size, Image.Resampling.BILINEAR, box=drafted[1] if drafted else None, reducing_gap=2.0)
    small = _opaque_srgb(small)
    return _smaller_of_jpeg_and_png(small if turn is None else small.transpose(turn))


def _copy_of_part(content: bytes, region: Region) -> EncodedImage:
    pixels, turn = _loaded(content)
    if turn is not None:
        pixels = pixels.transpose(turn)
    box = region_box(region, *pixels.size)
    part = pixels.crop((box.left, box.top, box.right, box.bottom))
    small = part.resize(_inference_size(part), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return _smaller_of_jpeg_and_png(_opaque_srgb(small))


def _inference_size(image: Image.Image) -> tuple[int, int]:
    scale = min(1.0, INFERENCE_SHORT_EDGE / min(image.size), INFERENCE_LONG_EDGE / max(image.size))
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))


def _opaque_srgb(image: Image.Image) -> Image.Image:
    image = to_srgb(image)
    if image.mode in ("LA", "RGBA"):
        # On white, as a viewer would show it: the hidden colours of transparent pixels can be anything.
        page = Image.new("RGB", image.size, "white")
        page.paste(image, mask=image.getchannel("A"))
        return page
    return image.convert("RGB")


def decode(content: bytes) -> Photo:
    """The first frame at full resolution. Raises what `inference_copy` raises."""
    pixels, turn = _loaded(content)
    profile = rgb_profile(pixels)
    if profile is None:
        pixels = to_srgb(pixels)
    rgb, alpha = upright_arrays(pixels, turn)
    return Photo(rgb, alpha, profile)


def _loaded(content: bytes) -> tuple[Image.Image, Image.Transpose | None]:
    image = open_image(content)
    with hostile_data():
        image.load()
        return direct_colour(image), _TRANSPOSITIONS.get(orientation(image))


def _smaller_of_jpeg_and_png(image: Image.Image) -> EncodedImage:
    image.info = {}  # Pillow would hand the file's comment on
    encoded = BytesIO()
    # 4:4:4, as thin coloured edges are what mattes are about.
    image.save(encoded, "JPEG", quality=95, subsampling="4:4:4")
    jpeg = encoded.getvalue()
    pixels = np.asarray(image)
    if _png_size(pixels) < len(jpeg) and len(png := write_png(pixels)) < len(jpeg):
        return EncodedImage(png, "image/png", *image.size)
    return EncodedImage(jpeg, "image/jpeg", *image.size)


def _png_size(pixels: NDArray[np.uint8]) -> float:
    """About how large it would be, by an eighth of the rows: of most photos that is all that is made of it."""
    some = pixels[np.arange(len(pixels)) % 256 < 32]
    return len(write_png(some)) * len(pixels) / len(some)
