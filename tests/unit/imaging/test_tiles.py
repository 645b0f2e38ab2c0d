from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imaging.tiles import TILE, enlarged, interpolations, shrunk

SIDES = st.integers(1, 300)


@given(SIDES, SIDES, st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_tiles_together_are_what_pillow_enlarges_at_once(
    width: int, height: int, small_width: int, small_height: int, seed: int
) -> None:
    small = np.random.default_rng(seed).random((small_height, small_width), np.float32)
    small_width, small_height = min(small_width, width), min(small_height, height)
    small = np.ascontiguousarray(small[:small_height, :small_width])
    whole = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))
    tiled = np.full((height, width), np.nan, np.float32)
    for down, across in product(interpolations(height, small_height), interpolations(width, small_width)):
        tiled[down.pixels, across.pixels] = enlarged(small[np.newaxis], down, across)[0]
    assert np.abs(tiled - whole).max() < 1e-4


def test_a_tile_asks_for_no_more_samples_than_it_needs() -> None:
    assert [each.samples for each in interpolations(2 * TILE, TILE)] == [slice(0, 65), slice(63, 128)]


@given(st.integers(1, 120), st.integers(1, 120), st.floats(1, 9), st.floats(1, 9))
@settings(max_examples=30, deadline=None)
def test_strips_together_are_what_pillow_shrinks_at_once(
    small_width: int, small_height: int, across: float, down: float
) -> None:
    width, height = round(small_width * across), round(small_height * down)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack((np.sin(x / 40), np.cos(y / 30), np.sin((x + y) / 50)), axis=2)
    large = np.rint(127 + 120 * waves).astype(np.uint8)
    whole = np.asarray(Image.fromarray(large).resize((small_width, small_height), Image.Resampling.BILINEAR))
    ours = shrunk(lambda rows: large[rows], (width, height), (small_width, small_height))
    assert np.abs(ours.astype(int) - whole).max() <= 3


def test_no_strip_is_larger_than_a_megapixel_or_so() -> None:
    asked: list[int] = []

    def strip(rows: slice) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        asked.append(rows.stop - rows.start)
        return np.zeros((rows.stop - rows.start, 4000), np.uint8)

    shrunk(strip, (4000, 8000), (500, 1000))
    assert max(asked) * 4000 < 1_200_000
