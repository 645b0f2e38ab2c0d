"""Scenes that are made and measured in a moment: bright subjects on dark backgrounds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.bench.quality import scenes

WIDTH, HEIGHT = 200, 160


class Brightness:
    """A model that makes no mistake in such scenes."""

    def matte(self, photo: Image.Image) -> Image.Image:
        return photo.convert("L").point(lambda value: min(255, max(0, (value - 60) * 4)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two photos with their mattes, of which scenes of 0.05 megapixels are made."""
    photos = tmp_path_factory.mktemp("photos")
    for name, left, shade in (("left", 30, 30), ("right", 90, 10)):
        matte = Image.new("L", (WIDTH, HEIGHT))
        ImageDraw.Draw(matte).ellipse((left, 40, left + 70, 120), fill=255)
        matte = matte.filter(ImageFilter.GaussianBlur(1))
        photo = Image.composite(
            Image.new("RGB", matte.size, (190, 180, 170)), Image.new("RGB", matte.size, (shade,) * 3), matte
        )
        photo.save(photos / f"{name}.jpg", quality=95)
        matte.save(photos / f"{name}_alpha.png")
    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(scenes, "PIXELS", 50_000)
        smaller.setattr(scenes, "STRANDS", 3)
        yield photos
