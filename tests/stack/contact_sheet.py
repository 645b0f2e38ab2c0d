"""One picture of many results: each row a photo, then its cut-outs on a checkerboard."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

CELL = 300
MARGIN = 12
CAPTION = 22
SQUARE = 12


def contact_sheet(captions: Sequence[str], rows: Sequence[Sequence[Path]]) -> Image.Image:
    """`rows` of image files under the columns' `captions`; transparency shows the checkerboard."""
    width = len(captions) * (CELL + MARGIN) + MARGIN
    cells = [[_fitted(image) for image in row] for row in rows]
    heights = [max(cell.height for cell in row) for row in cells]
    sheet = Image.new("RGB", (width, CAPTION + MARGIN + sum(height + MARGIN for height in heights)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for column, caption in enumerate(captions):
        draw.text((MARGIN + column * (CELL + MARGIN), MARGIN // 2), caption, "black", font)
    top = CAPTION + MARGIN
    for row, height in zip(cells, heights, strict=True):
        for column, cell in enumerate(row):
            sheet.paste(cell, (MARGIN + column * (CELL + MARGIN), top))
        top += height + MARGIN
    return sheet


def _fitted(file: Path) -> Image.Image:
    with Image.open(file) as image:
        picture = image.convert("RGBA")
    picture.thumbnail((CELL, CELL))
    return Image.alpha_composite(_checkerboard(picture.size), picture).convert("RGB")


def _checkerboard(size: tuple[int, int]) -> Image.Image:
    board = Image.new("RGBA", size, "white")
    draw = ImageDraw.Draw(board)
    for y in range(0, size[1], SQUARE):
        for x in range(y // SQUARE % 2 * SQUARE, size[0], 2 * SQUARE):
            draw.rectangle((x, y, x + SQUARE - 1, y + SQUARE - 1), "#c8c8c8")
    return board
