"""A finished cut-out, a PNG, as another file: on a colour, smaller, or colour and alpha apart."""

import math
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.backdrop import on_backdrop
from imaging.colour import from_srgb
from imaging.cutout import Cutout, encode
from imaging.framing import SUBJECT_ALPHA, resize
from imaging.photo import Photo
from imaging.png import write_png

WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Packing:
    """`kind` auto is a PNG where something is transparent, else a JPEG. `background` in sRGB with its opacity.

    `most_pixels` of any file but a PNG.
    """

    kind: Literal["auto", "png", "jpg", "zip"]
    alpha_only: bool
    background: tuple[int, int, int, int] | None
    backdrop: Photo | None
    most_pixels: int
    most_png_pixels: int

    @property
    def is_opaque(self) -> bool:
        """Whatever the cut-out is."""
        has_ground = self.backdrop is not None or (self.background is not None and self.background[3] == 255)
        return has_ground and not self.alpha_only


@dataclass(frozen=True, slots=True)
class Package:
    """`subject` is the box of what is visible of it: left, top, right, bottom, in pixels of the result."""

    content: bytes
    content_type: str
    width: int
    height: int
    subject: tuple[int, int, int, int]


def repack(png: bytes, packing: Packing) -> Package:
    """A JPEG without a background is on white, as it has no transparency."""
    with Image.open(BytesIO(png)) as image:
        cutout = Cutout(np.asarray(image.convert("RGBA")), image.info.get("icc_profile"))
    kind = packing.kind
    if kind == "auto":
        is_transparent = packing.alpha_only or (not packing.is_opaque and int(cutout.rgba[:, :, 3].min()) < 255)
        kind = "png" if is_transparent else "jpg"
    cutout = _fitted(cutout, packing.most_png_pixels if kind == "png" else packing.most_pixels)
    height, width, _ = cutout.rgba.shape
    content, content_type = _file(cutout, kind, packing)
    return Package(content, content_type, width, height, _subject(cutout.rgba[:, :, 3]))


def _file(cutout: Cutout, kind: str, packing: Packing) -> tuple[bytes, str]:
    if kind == "zip":
        return _zip(_on_background(cutout, packing)), "application/zip"
    if packing.alpha_only:
        alpha = cutout.rgba[:, :, 3:]
        return (write_png(alpha), "image/png") if kind == "png" else (_jpeg_of_grey(alpha), "image/jpeg")
    cutout = _on_background(cutout, packing)
    if kind == "jpg":
        return encode(cutout, "jpeg", WHITE), "image/jpeg"
    return encode(cutout, "png", None), "image/png"


def _fitted(cutout: Cutout, most_pixels: int) -> Cutout:
    height, width, _ = cutout.rgba.shape
    scale = math.sqrt(most_pixels / (width * height))
    if scale >= 1:
        return cutout
    return resize(cutout, max(1, math.floor(width * scale)), max(1, math.floor(height * scale)))


def _on_background(cutout: Cutout, packing: Packing) -> Cutout:
    if packing.backdrop:
        flat = on_backdrop(np.ascontiguousarray(cutout.rgba), cutout.icc_profile, packing.backdrop)
        return Cutout(flat, cutout.icc_profile)
    background = packing.background
    if background is None or background[3] == 0:
        return cutout
    colour = (*from_srgb(background[:3], cutout.icc_profile), background[3])
    height, width, _ = cutout.rgba.shape
    under = Image.new("RGBA", (width, height), colour)
    under.alpha_composite(Image.fromarray(np.ascontiguousarray(cutout.rgba)))
    return Cutout(np.asarray(under), cutout.icc_profile)


def _zip(cutout: Cutout) -> bytes:
    """The colours as a JPEG without compositing, and the alpha as a PNG: together they are the cut-out."""
    colours = BytesIO()
    Image.fromarray(np.ascontiguousarray(cutout.rgba[:, :, :3])).save(
        colours, "JPEG", quality=92, subsampling="4:4:4", icc_profile=cutout.icc_profile
    )
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as files:
        files.writestr("color.jpg", colours.getvalue())
        files.writestr("alpha.png", write_png(cutout.rgba[:, :, 3:]))
    return archive.getvalue()


def _jpeg_of_grey(alpha: NDArray[np.uint8]) -> bytes:
    encoded = BytesIO()
    Image.fromarray(np.ascontiguousarray(alpha[:, :, 0])).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()


def _subject(alpha: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The whole image where nothing is visible."""
    shows = alpha >= SUBJECT_ALPHA
    rows, columns = np.flatnonzero(shows.any(axis=1)), np.flatnonzero(shows.any(axis=0))
    if not rows.size:
        return 0, 0, alpha.shape[1], alpha.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
