"""Pixel formats and colour profiles, made into the few that the rest works with."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.profiles import colour_space

# Pillow reads no larger profile out of a PNG.
_MAX_EMBEDDED_PROFILE = 1 << 20
_STRIP_ROWS = 16
_SIDEWAYS = {
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
}


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
    if profile is None or image.mode == "CMYK" or colour_space(profile) != b"RGB ":
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


def upright_arrays(
    image: Image.Image, turn: Image.Transpose | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """RGB (height, width, 3) and alpha (height, width) of the turned image, alpha None where the mode has none.

    By strips: `np.asarray` makes three copies of the whole photo and takes twice as long, `transpose` makes another.
    """
    has_alpha = image.mode in ("LA", "RGBA")
    size = (image.width, image.height) if turn in _SIDEWAYS else (image.height, image.width)
    rgb = np.empty((*size, 3), np.uint8)
    alpha = np.empty(size, np.uint8) if has_alpha else None
    # Views as the image lies, through which its rows are written to where they belong.
    lying_rgb = _as_before(turn, rgb)
    lying_alpha = None if alpha is None else _as_before(turn, alpha)
    for top in range(0, image.height, _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS, image.height))
        strip = image.crop((0, rows.start, image.width, rows.stop))
        lying_rgb[rows] = np.asarray(strip.convert("RGB"))
        if lying_alpha is not None:
            lying_alpha[rows] = np.asarray(strip.getchannel("A"))
    return rgb, alpha


def _as_before(turn: Image.Transpose | None, upright: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A view of the upright pixels that looks as they did before the turn."""
    across = upright.swapaxes(0, 1)
    match turn:
        case None:
            return upright
        case Image.Transpose.FLIP_LEFT_RIGHT:
            return upright[:, ::-1]
        case Image.Transpose.FLIP_TOP_BOTTOM:
            return upright[::-1]
        case Image.Transpose.ROTATE_180:
            return upright[::-1, ::-1]
        case Image.Transpose.TRANSPOSE:
            return across
        case Image.Transpose.TRANSVERSE:
            return across[::-1, ::-1]
        case Image.Transpose.ROTATE_90:
            return across[:, ::-1]
        case Image.Transpose.ROTATE_270:
            return across[::-1]
    raise ValueError(turn)


def from_srgb(colour: tuple[int, int, int], profile: bytes | None) -> tuple[int, int, int]:
    """What to write into an image of that RGB profile, to be seen as this colour."""
    if profile is None:
        return colour
    from PIL import ImageCms

    try:
        target = ImageCms.ImageCmsProfile(BytesIO(profile))
        pixel = Image.new("RGB", (1, 1), colour)
        converted = ImageCms.profileToProfile(pixel, ImageCms.createProfile("sRGB"), target)
    except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing about the colours
        return colour
    red, green, blue = np.asarray(converted)[0, 0].tolist()
    return red, green, blue


def _converted_by_profile(image: Image.Image) -> Image.Image | None:
    profile: bytes = image.info.get("icc_profile") or b""
    mode = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK"}.get(colour_space(profile))
    is_grey = image.mode in ("L", "LA")  # equal parts of R, G and B where the profile is for these
    if mode is None or (image.mode == "CMYK") != (mode == "CMYK") or (mode == "L" and not is_grey):
        return None
    # Imported here: most photos come without a profile and need no colour management loaded.
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a damaged profile says nothing about the picture
        return None
