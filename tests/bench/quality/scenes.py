"""Photos whose alpha and foreground colours are known to the last bit, composited from a folder of photos and mattes.

A photo's subject, with its matte as the truth, is put over another photo's background at 12 megapixels, with strands
drawn into its edge and grain on all of it. The photos' own mattes are too small and not exact: nothing can be measured
on them directly.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Floats = NDArray[np.floating]

PIXELS = 12_000_000
STRANDS = 250
GRAIN = 2.5  # standard deviation in 8-bit levels: a phone's photo indoors
EDGE_SIDE = 120
_SUPERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """`photo` is (height, width, 3) in uint8; `alpha` (height, width) and `foreground` (height, width, 3) are the truth
    behind it, from 0 to 1. `edge` is a rectangle full of hair, fur or strands: left, top, right, bottom."""

    name: str
    photo: NDArray[np.uint8]
    alpha: Floats
    foreground: Floats
    edge: tuple[int, int, int, int]


def mattes_in(folder: Path) -> list[Path]:
    """The `<name>_alpha.png` that lie beside a `<name>.jpg`. FileNotFoundError where there are fewer than two."""
    mattes = [matte for matte in sorted(folder.glob("*_alpha.png")) if _photo_of(matte).exists()]
    if len(mattes) < 2:
        raise FileNotFoundError(f"{folder} holds {len(mattes)} photos with mattes (x.jpg, x_alpha.png): two are needed")
    return mattes


def scene(folder: Path, position: int) -> Scene:
    """The subject of a photo in the folder over the background of another; the same one every time."""
    mattes = mattes_in(folder)
    random = np.random.default_rng(position)
    photo, alpha = _pair(mattes[position])
    behind, alpha_behind = _pair(mattes[(position + len(mattes) // 2) % len(mattes)])
    # Only what is opaque shows the subject's own colours, and only what is transparent the background's.
    foreground = _extended(photo, alpha > 0.98)
    background = _extended(behind, _array(cv2.dilate(alpha_behind, np.ones((9, 9), np.uint8))) < 0.01)

    height, width = alpha.shape
    scale = (PIXELS / (height * width)) ** 0.5
    size = round(width * scale), round(height * scale)
    alpha, foreground, background = (
        np.clip(picture, 0, 1)
        for picture in (_resized(alpha, size), _resized(foreground, size), _covering(background, size))
    )
    strands, shade = _strands(alpha, random)
    alpha = np.rint(np.maximum(alpha, strands) * 255) / np.float32(255)
    grain = random.normal(0, GRAIN / 255, (size[1], size[0], 1)).astype(np.float32)
    foreground = np.clip(foreground * shade[:, :, np.newaxis] + grain, 0, 1)
    background = np.clip(background + grain, 0, 1)
    opacity = alpha[:, :, np.newaxis]
    mixed = opacity * foreground + (1 - opacity) * background
    return Scene(mattes[position].name.removesuffix("_alpha.png"), to_bytes(mixed), alpha, foreground, _busiest(alpha))


def to_bytes(values: Floats) -> NDArray[np.uint8]:
    """From 0…1 to 0…255, rounded."""
    return np.rint(values * 255).astype(np.uint8)


def _photo_of(matte: Path) -> Path:
    return matte.with_name(matte.name.replace("_alpha.png", ".jpg"))


def _pair(matte: Path) -> tuple[Floats, Floats]:
    with Image.open(_photo_of(matte)) as photo, Image.open(matte) as alpha:
        return (
            np.asarray(photo.convert("RGB"), dtype=np.float32) / 255,
            np.asarray(alpha.convert("L"), dtype=np.float32) / 255,
        )


def _extended(colours: Floats, known: NDArray[np.bool_]) -> Floats:
    """Colours everywhere, carried on from where they are known (push-pull: Gortler et al., "The lumigraph", 1996)."""
    weight = known.astype(np.float32)[:, :, np.newaxis]
    levels = [(colours * weight, weight)]
    while min(levels[-1][1].shape[:2]) > 1:
        premultiplied, weight = levels[-1]
        size = max(1, weight.shape[1] // 2), max(1, weight.shape[0] // 2)
        smaller = _resized(weight, size, cv2.INTER_AREA)[:, :, np.newaxis]
        levels.append((_resized(premultiplied, size, cv2.INTER_AREA), smaller))
    premultiplied, weight = levels.pop()
    filled = premultiplied / np.maximum(weight, np.float32(1e-6))
    for premultiplied, weight in reversed(levels):
        coarse = _resized(filled, (weight.shape[1], weight.shape[0]), cv2.INTER_LINEAR)
        filled = premultiplied + (1 - weight) * coarse.reshape(premultiplied.shape)
    return filled


def _covering(picture: Floats, size: tuple[int, int]) -> Floats:
    width, height = size
    scale = max(width / picture.shape[1], height / picture.shape[0])
    enlarged = _resized(picture, (math.ceil(picture.shape[1] * scale), math.ceil(picture.shape[0] * scale)))
    top, left = (enlarged.shape[0] - height) // 2, (enlarged.shape[1] - width) // 2
    return enlarged[top : top + height, left : left + width]


def _resized(picture: Floats, size: tuple[int, int], interpolation: int = cv2.INTER_CUBIC) -> Floats:
    return _array(cv2.resize(picture, size, interpolation=interpolation))


def _array(result: object) -> Floats:
    """OpenCV's types do not say that float32 stays float32."""
    return np.asarray(result, dtype=np.float32)


def _strands(alpha: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """The alpha of strands that grow out of the subject's edge, and what the subject's colours are multiplied by."""
    height, width = alpha.shape
    inside = (alpha > 0.95).astype(np.float32)
    soft = _array(cv2.GaussianBlur(inside, (0, 0), 12))
    rim = np.flatnonzero((inside > 0) & (soft < 0.75) & (soft > 0.25))
    large = width * _SUPERSAMPLING, height * _SUPERSAMPLING
    cover, shade = Image.new("L", large), Image.new("L", (width, height), 128)
    draw, paint = ImageDraw.Draw(cover), ImageDraw.Draw(shade)
    for root in random.choice(rim, STRANDS) if rim.size else ():
        y, x = divmod(int(root), width)
        window = soft[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4]
        slope_y, slope_x = (float(np.mean(np.diff(window, axis=axis))) for axis in (0, 1))
        # Outwards is where the blurred subject gets thinner.
        angle = np.arctan2(-slope_y, -slope_x) + random.normal(0, 0.5)
        bend, length = random.normal(0, 0.012), random.uniform(60, 220)
        steps = np.arange(0, length, 4)
        angles = angle + bend * steps
        xs, ys = x + np.cumsum(4 * np.cos(angles)), y + np.cumsum(4 * np.sin(angles))
        points = [(float(px), float(py)) for px, py in zip(xs, ys, strict=True)]
        thickness = random.uniform(1.2, 4)
        tone, opacity = int(random.integers(96, 160)), int(random.integers(150, 256))
        draw.line(
            [(px * _SUPERSAMPLING, py * _SUPERSAMPLING) for px, py in points],
            fill=opacity,
            width=round(thickness * _SUPERSAMPLING),
            joint="curve",
        )
        paint.line(points, fill=tone, width=round(thickness) + 4)
    strands = np.asarray(cover.reduce(_SUPERSAMPLING), dtype=np.float32) / 255
    tones = np.asarray(shade, dtype=np.float32) / 128
    return strands, np.where(strands > alpha, tones, np.float32(1))


def _busiest(alpha: Floats) -> tuple[int, int, int, int]:
    """The square with the most half-transparent pixels."""
    side, undecided = EDGE_SIDE, 4 * alpha * (1 - alpha)
    shares = _array(cv2.boxFilter(undecided, -1, (side, side), normalize=True))
    half = side // 2
    y, x = np.unravel_index(np.argmax(shares[half:-half, half:-half]), (alpha.shape[0] - side, alpha.shape[1] - side))
    return int(x), int(y), int(x) + side, int(y) + side
