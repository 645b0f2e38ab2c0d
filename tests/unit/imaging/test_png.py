import importlib
import sys
from collections.abc import Callable, Iterator
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from imaging import png
from imaging.png import write_png
from tests.unit.imaging.images import gradient, srgb_profile

shapes = st.tuples(st.integers(1, 100), st.integers(1, 40), st.sampled_from([1, 3, 4]))


def read_back(content: bytes) -> NDArray[np.uint8]:
    pixels = np.asarray(Image.open(BytesIO(content)))
    return pixels[:, :, np.newaxis] if pixels.ndim == 2 else pixels


@settings(max_examples=200, deadline=None)
@given(shapes.flatmap(lambda shape: arrays(np.uint8, shape)))
def test_any_pixels_come_back_exactly(pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(read_back(write_png(pixels)), pixels)


@pytest.mark.parametrize("height", [31, 32, 33, 64, 65, 200])
def test_every_row_of_every_strip_comes_back(height: int) -> None:
    pixels = gradient(500, height)
    assert np.array_equal(read_back(write_png(pixels)), pixels)


def test_the_file_is_a_sound_png_to_its_last_checksum() -> None:
    Image.open(BytesIO(write_png(gradient(), srgb_profile()))).verify()


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_the_number_of_channels_makes_the_type(channels: int, mode: str) -> None:
    assert Image.open(BytesIO(write_png(np.zeros((2, 3, channels), np.uint8)))).mode == mode


def test_the_profile_is_embedded() -> None:
    assert Image.open(BytesIO(write_png(gradient(), srgb_profile()))).info["icc_profile"] == srgb_profile()


def test_without_a_profile_there_is_none() -> None:
    assert "icc_profile" not in Image.open(BytesIO(write_png(gradient()))).info


def test_a_part_of_a_larger_array_is_written_as_it_looks() -> None:
    pixels = gradient()[10:40:2, 5:60:3]
    assert np.array_equal(read_back(write_png(pixels)), pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_opencv_reads_the_same_pixels(channels: int) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (70, 50, channels), dtype=np.uint8)
    read = cv2.imdecode(np.frombuffer(write_png(pixels), np.uint8), cv2.IMREAD_UNCHANGED)
    in_our_order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert read is not None
    assert np.array_equal(read.reshape(pixels.shape)[:, :, in_our_order], pixels)


@pytest.fixture
def write_png_without_isal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., bytes]]:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "isal", None)
        importlib.reload(png)
        assert vars(png)["deflate"].__name__ == "zlib"
        yield png.write_png
    importlib.reload(png)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_without_isal_the_standard_library_writes_the_same_pixels(
    write_png_without_isal: Callable[..., bytes], channels: int
) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (70, 50, channels), dtype=np.uint8)
    content = write_png_without_isal(pixels, srgb_profile())
    assert np.array_equal(read_back(content), pixels)
    assert Image.open(BytesIO(content)).info["icc_profile"] == srgb_profile()
