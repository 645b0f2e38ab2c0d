"""Several looks at one photo: how it is shown, how its mattes are turned back, and what they come to together."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from imaging.looks import WIDER, Look, agreed, contradict, looks_at
from imaging.photo import EncodedImage, inference_copy
from imaging.png import write_png
from tests.unit.imaging.images import gradient, opened, photo_file

MIRRORED = Look(mirrored=True)
BORDERED = Look(border=0.25)
SMALL_MATTES = arrays(np.uint8, (3, 4))


def copy_of(width: int, height: int) -> EncodedImage:
    return inference_copy(photo_file("PNG", width, height))


def png_copy(width: int = 61, height: int = 40) -> EncodedImage:
    return EncodedImage(write_png(gradient(width, height)), "image/png", width, height)


def difference(one: EncodedImage, other: EncodedImage) -> float:
    """Of the colours, on average, in levels."""
    return float(abs(np.asarray(opened(one.content)).astype(int) - np.asarray(opened(other.content))).mean())


def inner(shown: EncodedImage, copy: EncodedImage) -> np.ndarray:
    """The pixels of what was shown that are the copy's."""
    across, down = (shown.width - copy.width) // 2, (shown.height - copy.height) // 2
    return np.asarray(opened(shown.content))[down : down + copy.height, across : across + copy.width]


# ---- what is shown ---------------------------------------------------------------------------------------------------


def test_the_plain_look_is_the_copy_itself() -> None:
    copy = copy_of(64, 48)
    assert Look().of(copy) is copy


def test_left_and_right_are_exchanged_and_nothing_else() -> None:
    turned = MIRRORED.of(png_copy())

    assert np.array_equal(np.asarray(opened(turned.content)), gradient(61, 40)[:, ::-1])
    assert (turned.content_type, turned.width, turned.height) == ("image/png", 61, 40)


@pytest.mark.parametrize("look", [MIRRORED, BORDERED], ids=["mirrored", "bordered"])
def test_a_jpeg_stays_a_jpeg_of_the_same_quality_and_full_colour(look: Look) -> None:
    copy = copy_of(64, 48)

    shown = opened(look.of(copy).content)

    assert shown.format == "JPEG"
    assert shown.quantization == opened(copy.content).quantization  # type: ignore[attr-defined]
    assert shown.layer[0][1:3] == (1, 1)  # type: ignore[attr-defined]  # sampling: 4:4:4


def test_a_jpeg_mirrored_twice_is_as_it_was_where_its_blocks_fit() -> None:
    copy = copy_of(640, 480)

    assert difference(MIRRORED.of(MIRRORED.of(copy)), copy) < 0.1


def test_a_jpeg_of_any_width_loses_no_more_than_being_a_jpeg_cost_it() -> None:
    copy, photo = copy_of(637, 480), gradient(637, 480)

    once = np.asarray(opened(copy.content)).astype(int)
    twice = np.asarray(opened(MIRRORED.of(copy).content)).astype(int)[:, ::-1]

    assert abs(twice - once).mean() < abs(once - photo).mean()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("look", looks_at(0.1))
def test_the_smallest_photos_are_shown_too(look: Look, size: tuple[int, int]) -> None:
    copy = copy_of(*size)

    shown = look.of(copy)

    assert opened(shown.content).size == (shown.width, shown.height)
    assert look.undone(np.zeros((shown.height, shown.width), np.uint8), copy).shape == (copy.height, copy.width)


def test_a_border_is_added_on_each_side_in_whole_blocks_of_a_jpeg() -> None:
    shown = BORDERED.of(png_copy(100, 40))

    assert (shown.width, shown.height) == (100 + 2 * 24, 40 + 2 * 8)
    assert opened(shown.content).size == (shown.width, shown.height)


def test_a_border_has_the_photos_mean_colour() -> None:
    shown = np.asarray(opened(BORDERED.of(png_copy(64, 48)).content))

    mean = gradient(64, 48).mean((0, 1)).round().astype(np.uint8)
    assert (shown[:8] == mean).all()
    assert (shown[:, -8:] == mean).all()


def test_inside_its_border_the_photo_is_as_it_was() -> None:
    copy = png_copy()
    assert np.array_equal(inner(BORDERED.of(copy), copy), gradient(61, 40))


def test_inside_its_border_a_jpeg_is_as_it_was_but_for_rounding() -> None:
    copy = copy_of(640, 480)
    assert abs(inner(BORDERED.of(copy), copy).astype(int) - np.asarray(opened(copy.content))).mean() < 0.1


@pytest.mark.parametrize("look", [*looks_at(0.0), *looks_at(0.1), Look(mirrored=True, border=0.3)])
def test_a_matte_follows_its_photo(look: Look) -> None:
    """A model that answers with the brightness answers the same whichever way it is shown the photo."""
    copy = png_copy()
    answer = np.asarray(opened(look.of(copy).content).convert("L"))

    assert np.array_equal(look.undone(answer, copy), np.asarray(Image.fromarray(gradient(61, 40)).convert("L")))


@pytest.mark.parametrize("border", [0.0, 0.12])
def test_the_second_look_is_of_the_mirror_image_and_the_third_of_a_smaller_photo(border: float) -> None:
    first, second, third = looks_at(border)

    assert (first.mirrored, second.mirrored, third.mirrored) == (False, True, False)
    assert (first.border, second.border) == (border, border)
    assert third.border == border + WIDER


# ---- what they come to -----------------------------------------------------------------------------------------------


@given(st.integers(0, 255), st.integers(0, 255))
def test_the_mean_is_exact_and_halves_are_rounded_up(one: int, other: int) -> None:
    mean = agreed([np.full((2, 3), one, np.uint8), np.full((2, 3), other, np.uint8)])

    assert mean.dtype == np.uint8
    assert mean.shape == (2, 3)
    assert set(mean.ravel().tolist()) == {(one + other + 1) // 2}


def test_the_mean_is_taken_pixel_by_pixel() -> None:
    assert agreed([np.array([[0, 255, 10]], np.uint8), np.array([[255, 255, 21]], np.uint8)]).tolist() == [
        [128, 255, 16]
    ]


@given(SMALL_MATTES, SMALL_MATTES, SMALL_MATTES)
def test_of_three_mattes_the_one_in_the_middle_counts_in_each_pixel(
    one: np.ndarray, two: np.ndarray, three: np.ndarray
) -> None:
    median = np.median(np.stack((one, two, three)), axis=0)
    for mattes in permutations((one, two, three)):
        assert np.array_equal(agreed(mattes), median)


def test_a_single_matte_is_what_it_comes_to() -> None:
    matte = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(agreed([matte]), matte)


@pytest.mark.parametrize("number", [0, 4])
def test_no_other_number_of_mattes_comes_to_anything(number: int) -> None:
    with pytest.raises(ValueError, match=f"{number} mattes"):
        agreed([np.zeros((1, 1), np.uint8)] * number)


# ---- where they contradict each other --------------------------------------------------------------------------------


def with_pixels(value: int, pixels: int) -> np.ndarray:
    """A matte of 10,000 pixels, so many of them with this alpha and the others with none."""
    matte = np.zeros((100, 100), np.uint8)
    matte.ravel()[:pixels] = value
    return matte


@pytest.mark.parametrize(
    ("value", "pixels", "expected"), [(128, 101, True), (128, 100, False), (127, 10_000, False), (255, 101, True)]
)
def test_mattes_contradict_each_other_where_more_than_a_hundredth_of_them_is_half_apart(
    value: int, pixels: int, expected: bool
) -> None:
    nothing, something = with_pixels(0, 0), with_pixels(value, pixels)
    assert contradict(nothing, something) is expected
    assert contradict(something, nothing) is expected


@given(SMALL_MATTES)
def test_no_matte_contradicts_itself(matte: np.ndarray) -> None:
    assert not contradict(matte, matte)
