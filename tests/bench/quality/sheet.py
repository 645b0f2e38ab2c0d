"""A sheet of edges at four times their size, each tier's beside the photo and the truth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.bench.quality.scenes import Scene, to_bytes

ZOOM = 4
PAGE = (0.25, 0.75, 0.55)  # a colour that no photo has behind it: what is left of the old background shows
MARGIN, CAPTION = 6, 24


@dataclass(frozen=True, slots=True)
class Row:
    """(height, width, 3) each, of one size, in the order of the captions."""

    cells: list[NDArray[np.uint8]]


def row(scene: Scene, cutouts: list[NDArray[np.uint8]]) -> Row:
    """The photo's edge, the cut-outs' (RGBA, of the photo's size) on PAGE, and the truth's."""
    left, top, right, bottom = scene.edge
    window = slice(top, bottom), slice(left, right)
    truth = np.dstack((to_bytes(scene.foreground[window]), to_bytes(scene.alpha[window])))
    edges = [cutout[window] for cutout in cutouts]
    return Row([scene.photo[window], *(_on_page(edge) for edge in (*edges, truth))])


def draw(rows: list[Row], captions: list[str], file: Path) -> None:
    height, width = (ZOOM * side for side in rows[0].cells[0].shape[:2])
    sheet = Image.new(
        "RGB", (len(captions) * (width + MARGIN), CAPTION + len(rows) * (height + MARGIN)), (255, 255, 255)
    )
    for column, caption in enumerate(captions):
        left = column * (width + MARGIN)
        ImageDraw.Draw(sheet).text((left + MARGIN, 3), caption, "black", ImageFont.load_default(16))
        for line, each in enumerate(rows):
            enlarged = Image.fromarray(each.cells[column]).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(enlarged, (left, CAPTION + line * (height + MARGIN)))
    file.parent.mkdir(exist_ok=True)
    sheet.save(file)


def _on_page(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    values = rgba.astype(np.float32) / 255
    opacity = values[:, :, 3:]
    return to_bytes(values[:, :, :3] * opacity + (1 - opacity) * np.array(PAGE, np.float32))
