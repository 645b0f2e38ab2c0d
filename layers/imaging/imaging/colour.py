"""Pixel formats and colour profiles, made into the few that the rest works with."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Pillow reads no larger profile out of a PNG.
_MAX_EMBEDDED_PROFILE = 1 << 20
_STRIP_ROWS = 16


def direct_colour(image: Image.Image) -> Image.Image:
    """The loaded image in 8 bits as L, LA, RGB, RGBA or CMYK: palettes resolved, a transparent colour made alpha."""
    if image.mode.startswith("I;16"):
        return _eight_bit_grey(image)
    if image.mode in ("1", "L"):
        mode = "LA" if image.has_transparency_data else "L"
    elif image.mode in ("LA", "CMYK"):
        mode = image.mode
    else:
        mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _eight_bit_grey(image: Image.Image) -> Image.Image:
    """The upper byte, as Pillow does for 16-bit RGB; its `convert` saturates everything above 255 instead."""
    values = np.asarray(image)
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    transparent = image.info.get("transparency")
    if transparent is not None:
        alpha = Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8))
        grey = Image.merge("LA", (grey, alpha))
    grey.info = {"icc_profile": image.info.get("icc_profile")}
    return grey


def rgb_profile(image: Image.Image) -> bytes | None:
    """The profile of the file if an RGB image can carry it on: one for RGB, and not of absurd size."""
    profile: bytes | None = image.info.get("icc_profile")
    if profile is None or image.mode == "CMYK" or _colour_space(profile) != b"RGB ":
        return None
    return profile if len(profile) <= _MAX_EMBEDDED_PROFILE else None


def to_srgb(image: Image.Image) -> Image.Image:
    """An image of `direct_colour` in sRGB, CMYK made RGB. Without a usable profile it is taken to be sRGB already."""
    converted = _converted_by_profile(image)
    if converted is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if image.mode in ("LA", "RGBA"):
        converted.putalpha(image.getchannel("A"))
    return converted


def rgb_array(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3), by strips: `np.asarray` makes three copies of the whole photo, and takes twice as long."""
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, image.height)
        rgb[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)).convert("RGB"))
    return rgb


def _converted_by_profile(image: Image.Image) -> Image.Image | None:
    profile = image.info.get("icc_profile")
    mode = {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)
    if not profile or _colour_space(profile) != {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}[mode]:
        # A grey image with an RGB profile is equal parts of R, G and B.
        return None
    # Imported here: most photos come without a profile and need no colour management loaded.
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing about the picture
        return None


def _colour_space(profile: bytes) -> bytes:
    """https://www.color.org/specification/ICC.1-2022-05.pdf, 7.2: signature at 36, data colour space at 16."""
    return profile[16:20] if profile[36:40] == b"acsp" else b""
