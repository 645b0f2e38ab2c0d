"""A sheet of cut-outs, each tier's beside the photo and the truth: edges at four times their size, whole subjects."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.bench.quality.scenes import EDGE_SIDE, Scene, to_bytes

ZOOM = 4
SIDE = ZOOM * EDGE_SIDE
PAGE = (0.25, 0.75, 0.55)  # a colour that no photo has behind it: what is left of the old background shows
MARGIN, CAPTION = 6, 24


@dataclass(frozen=True, slots=True)
class Row:
    """(height, width, 3) each, of at most SIDE x SIDE: the photo, the cut-outs, the truth."""

    cells: list[NDArray[np.uint8]]


def edge(scene: Scene, cutouts: list[NDArray[np.uint8]]) -> Row:
    """The photo's edge, the cut-outs' (RGBA, of the photo's size) on PAGE, and the truth's."""
    left, top, right, bottom = scene.edge
    window = slice(top, bottom), slice(left, right)
    return Row([cell.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1) for cell in _cells(scene, cutouts, window)])


def subject(scene: Scene, cutouts: list[NDArray[np.uint8]]) -> Row:
    """The same of all that the photo shows."""
    return Row([_shrunk(cell) for cell in _cells(scene, cutouts, (slice(None), slice(None)))])


def draw(sections: dict[str, list[Row]], captions: list[str], file: Path) -> None:
    """Rows under their headings; a heading without rows is left out."""
    strips = [
        strip
        for heading, rows in sections.items()
        if rows
        for strip in (_titles([heading]), _titles(captions), *map(_strip, rows))
    ]
    sheet = Image.new("RGB", (max(strip.width for strip in strips), sum(strip.height for strip in strips)), "white")
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    file.parent.mkdir(exist_ok=True)
    sheet.save(file)


def _cells(scene: Scene, cutouts: list[NDArray[np.uint8]], window: tuple[slice, slice]) -> Iterable[NDArray[np.uint8]]:
    yield scene.photo[window]
    for cutout in cutouts:
        yield _on_page(cutout[window])
    yield _on_page(np.dstack((to_bytes(scene.foreground[window]), to_bytes(scene.alpha[window]))))


def _on_page(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    values = rgba.astype(np.float32) / 255
    opacity = values[:, :, 3:]
    return to_bytes(values[:, :, :3] * opacity + (1 - opacity) * np.array(PAGE, np.float32))


def _shrunk(cell: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(ImageOps.contain(Image.fromarray(cell), (SIDE, SIDE), Image.Resampling.BOX))


def _strip(row: Row) -> Image.Image:
    strip = Image.new("RGB", (len(row.cells) * (SIDE + MARGIN), row.cells[0].shape[0] + MARGIN), "white")
    for column, cell in enumerate(row.cells):
        strip.paste(Image.fromarray(cell), (column * (SIDE + MARGIN), 0))
    return strip


def _titles(texts: list[str]) -> Image.Image:
    strip = Image.new("RGB", (len(texts) * (SIDE + MARGIN), CAPTION), "white")
    for column, text in enumerate(texts):
        left = column * (SIDE + MARGIN) + MARGIN
        ImageDraw.Draw(strip).text((left, 3), text, "black", ImageFont.load_default(16))
    return strip
