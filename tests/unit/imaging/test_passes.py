"""Two inferences of one photo: the second sees it mirrored, and the mean of both is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imaging.passes import averaged, mirrored, mirrored_matte
from imaging.photo import EncodedImage, inference_copy
from imaging.png import write_png
from tests.unit.imaging.images import gradient, opened, photo_file


def copy_of(width: int, height: int) -> EncodedImage:
    return inference_copy(photo_file("PNG", width, height))


def png_copy(width: int = 61, height: int = 40) -> EncodedImage:
    return EncodedImage(write_png(gradient(width, height)), "image/png", width, height)


def difference(one: EncodedImage, other: EncodedImage) -> float:
    """Of the colours, on average, in levels."""
    return float(abs(np.asarray(opened(one.content)).astype(int) - np.asarray(opened(other.content))).mean())


def test_left_and_right_are_exchanged_and_nothing_else() -> None:
    copy = png_copy()

    turned = mirrored(copy)

    assert np.array_equal(np.asarray(opened(turned.content)), gradient(61, 40)[:, ::-1])
    assert (turned.content_type, turned.width, turned.height) == ("image/png", 61, 40)


def test_a_jpeg_stays_a_jpeg_of_the_same_quality_and_full_colour() -> None:
    copy = copy_of(64, 48)

    turned = opened(mirrored(copy).content)

    assert (turned.format, turned.size) == ("JPEG", (64, 48))
    assert turned.quantization == opened(copy.content).quantization  # type: ignore[attr-defined]
    assert turned.layer[0][1:3] == (1, 1)  # type: ignore[attr-defined]  # sampling: 4:4:4


def test_a_jpeg_mirrored_twice_is_as_it_was_where_its_blocks_fit() -> None:
    copy = copy_of(640, 480)

    assert difference(mirrored(mirrored(copy)), copy) < 0.1


def test_a_jpeg_of_any_width_loses_no_more_than_being_a_jpeg_cost_it() -> None:
    copy, photo = copy_of(637, 480), gradient(637, 480)

    once = np.asarray(opened(copy.content)).astype(int)
    twice = np.asarray(opened(mirrored(copy).content)).astype(int)[:, ::-1]

    assert abs(twice - once).mean() < abs(once - photo).mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_the_smallest_photos_are_mirrored_too(size: tuple[int, int]) -> None:
    assert opened(mirrored(copy_of(*size)).content).size == size


def test_a_matte_of_the_mirrored_photo_is_turned_back() -> None:
    assert mirrored_matte(np.array([[1, 2, 3]], np.uint8)).tolist() == [[3, 2, 1]]


def test_a_matte_follows_its_photo() -> None:
    """As mirrored and mirrored back, a model that sees the brightness answers the same."""
    copy = png_copy()
    answer = mirrored_matte(np.asarray(opened(mirrored(copy).content).convert("L")))
    assert np.array_equal(answer, np.asarray(Image.fromarray(gradient(61, 40)).convert("L")))


@given(st.integers(0, 255), st.integers(0, 255))
def test_the_mean_is_exact_and_halves_are_rounded_up(one: int, other: int) -> None:
    mean = averaged([np.full((2, 3), one, np.uint8), np.full((2, 3), other, np.uint8)])

    assert mean.dtype == np.uint8
    assert mean.shape == (2, 3)
    assert set(mean.ravel().tolist()) == {(one + other + 1) // 2}


def test_the_mean_is_taken_pixel_by_pixel() -> None:
    assert averaged([np.array([[0, 255, 10]], np.uint8), np.array([[255, 255, 21]], np.uint8)]).tolist() == [
        [128, 255, 16]
    ]


def test_a_single_matte_is_its_own_mean() -> None:
    matte = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(averaged([matte]), matte)
