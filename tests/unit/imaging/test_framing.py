from io import BytesIO
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import TooManyPixelsError
from background_remover.domain.jobs import Margin, Options, OutputFormat
from background_remover.domain.tiers import Refinement
from imaging.cutout import MAX_SIDES, Cutout, compose
from imaging.framing import SUBJECT_ALPHA, crop, delivery, fitted, framed_cutout, resize
from imaging.photo import Photo
from tests.unit.imaging.images import gradient, srgb_profile

FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
UNREFINED = Refinement()


def rectangle(width: int, height: int, box: tuple[int, int, int, int], alpha: int = 255) -> NDArray[np.uint8]:
    """A matte that is `alpha` in the box (left, top, right, bottom)."""
    left, top, right, bottom = box
    matte = np.zeros((height, width), np.uint8)
    matte[top:bottom, left:right] = alpha
    return matte


def cutout_with(matte: NDArray[np.uint8], icc_profile: bytes | None = None) -> Cutout:
    height, width = matte.shape
    return compose(Photo(gradient(width, height), None, icc_profile), matte, UNREFINED)


def soft_cutout(width: int, height: int) -> Cutout:
    """Random soft alpha over random colours."""
    rgba = np.random.default_rng(5).integers(0, 256, (height, width, 4), dtype=np.uint8)
    rgba[rgba[:, :, 3] < 90] = 0
    return Cutout(rgba, None)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


# ---- crop ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("margin", "expected"),
    [
        (Margin(0), (20, 15, 60, 35)),
        (Margin(5), (15, 10, 65, 40)),
        (Margin(10, "%"), (16, 11, 64, 39)),  # of the larger side, 40
        (Margin(1, "%"), (20, 15, 60, 35)),
        (Margin(18), (2, 0, 78, 53)),
        (Margin(99_999), (0, 0, 80, 60)),
        (Margin(99_999, "%"), (0, 0, 80, 60)),
    ],
    ids=str,
)
def test_the_crop_is_the_subject_with_its_margin_as_far_as_the_photo_goes(
    margin: Margin, expected: tuple[int, int, int, int]
) -> None:
    whole = cutout_with(rectangle(80, 60, (20, 15, 60, 35)))
    left, top, right, bottom = expected

    assert np.array_equal(crop(whole, margin).rgba, whole.rgba[top:bottom, left:right])


@given(
    st.tuples(st.integers(0, 39), st.integers(0, 29)),
    st.tuples(st.integers(0, 39), st.integers(0, 29)),
    st.integers(0, 50),
)
@settings(max_examples=100, deadline=None)
def test_a_crop_has_the_whole_subject_and_no_more_than_its_margin(
    first: tuple[int, int], second: tuple[int, int], margin: int
) -> None:
    matte = np.zeros((30, 40), np.uint8)
    for x, y in (first, second):
        matte[y, x] = 255
    (left, right), (top, bottom) = sorted((first[0], second[0])), sorted((first[1], second[1]))

    cropped = crop(cutout_with(matte), Margin(margin)).rgba

    assert np.count_nonzero(cropped[:, :, 3]) == np.count_nonzero(matte)
    assert cropped.shape[1] == min(40, right + 1 + margin) - max(0, left - margin)
    assert cropped.shape[0] == min(30, bottom + 1 + margin) - max(0, top - margin)


def test_haze_does_not_belong_to_the_subject() -> None:
    matte = rectangle(80, 60, (20, 15, 60, 35)) | rectangle(80, 60, (0, 0, 3, 3), SUBJECT_ALPHA - 1)
    assert crop(cutout_with(matte), Margin(0)).rgba.shape == (20, 40, 4)


def test_what_shows_faintly_belongs_to_the_subject() -> None:
    matte = rectangle(80, 60, (20, 15, 60, 35)) | rectangle(80, 60, (70, 50, 71, 51), SUBJECT_ALPHA)
    assert crop(cutout_with(matte), Margin(0)).rgba.shape == (36, 51, 4)


def test_without_a_subject_the_photo_stays_whole() -> None:
    whole = cutout_with(rectangle(80, 60, (0, 0, 80, 60), SUBJECT_ALPHA - 1))
    assert np.array_equal(crop(whole, Margin(0)).rgba, whole.rgba)


def test_a_crop_takes_no_memory() -> None:
    whole = cutout_with(rectangle(80, 60, (20, 15, 60, 35)))
    assert np.shares_memory(crop(whole, Margin(3)).rgba, whole.rgba)


# ---- size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [
        ((4000, 3000), 1000, (1000, 750)),
        ((3000, 4000), 1000, (750, 1000)),
        ((640, 480), 640, (640, 480)),
        ((640, 480), 99_999, (640, 480)),
        ((640, 480), None, (640, 480)),
        ((20_000, 1), 100, (100, 1)),
        ((3, 2), 1, (1, 1)),
    ],
)
def test_the_long_edge_is_at_most_max_size_and_never_enlarged(
    size: tuple[int, int], max_size: int | None, expected: tuple[int, int]
) -> None:
    assert fitted(*size, max_size) == expected


@pytest.mark.parametrize(
    ("size", "to"),
    [
        ((640, 480), (320, 240)),
        ((300, 701), (137, 320)),
        ((900, 640), (3, 2)),
        ((64, 48), (63, 47)),
        ((60, 400), (180, 1000)),
    ],
)
def test_in_strips_it_is_scaled_as_pillow_scales_the_whole(size: tuple[int, int], to: tuple[int, int]) -> None:
    cutout = soft_cutout(*size)

    scaled = resize(cutout, *to).rgba

    whole = np.asarray(Image.fromarray(cutout.rgba).resize(to, Image.Resampling.HAMMING))
    difference = abs(scaled.astype(int) - whole)
    assert scaled.shape == whole.shape
    assert difference[:, :, 3].max() <= 1
    # Pillow rounds between rows and columns, and of a tall image begins with the other of the two.
    assert (difference[:, :, :3] * (whole[:, :, 3:] / 255)).max() < 3


@pytest.mark.parametrize("colour", [255, 128, 30])
def test_a_subject_of_one_colour_keeps_it_to_its_very_edge(colour: int) -> None:
    """Hidden black would darken it, a filter with negative weights would draw a rim."""
    rgba = np.full((400, 600, 4), colour, np.uint8)
    rgba[:, :, 3] = rectangle(600, 400, (101, 51, 480, 333))
    rgba[rgba[:, :, 3] == 0] = 0

    small = resize(Cutout(rgba, None), 173, 115).rgba

    edge = (small[:, :, 3] > 20) & (small[:, :, 3] < 255)
    assert edge.sum() > 100
    # Eight bits of a premultiplied colour are as many fewer as alpha is smaller.
    error = abs(small[:, :, :3].astype(int) - colour) * (small[:, :, 3:] / 255)
    assert error.max() <= 1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_any_size_comes_out_as_asked_and_hidden_colours_stay_zero(width: int, height: int, max_size: int) -> None:
    size = fitted(width, height, max_size)

    small = resize(soft_cutout(width, height), *size).rgba

    assert small.shape == (size[1], size[0], 4)
    assert not small[small[:, :, 3] == 0].any()


# ---- what is delivered ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [Options(), Options(max_size=80), Options(max_size=5000)], ids=str)
def test_what_is_neither_cropped_nor_scaled_is_the_cut_out_to_the_last_bit(options: Options) -> None:
    matte = rectangle(80, 60, (20, 15, 60, 35))
    photo = Photo(gradient(80, 60), None, None)

    file = delivery(framed_cutout(photo, matte, UNREFINED, options), options)

    assert np.array_equal(np.asarray(opened(file.content)), cutout_with(matte).rgba)
    assert (file.width, file.height, file.content_type) == (80, 60, "image/png")


def test_cropped_pixels_are_the_photos_to_the_last_bit() -> None:
    options = Options(crop=Margin(5))
    photo = Photo(gradient(80, 60), None, srgb_profile())

    file = delivery(framed_cutout(photo, rectangle(80, 60, (20, 15, 60, 35)), UNREFINED, options), options)

    image = opened(file.content)
    assert np.array_equal(np.asarray(image)[5:-5, 5:-5, :3], photo.rgb[15:35, 20:60])
    assert image.info["icc_profile"] == srgb_profile()


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_size_is_that_of_the_crop_that_was_scaled(output_format: OutputFormat) -> None:
    options = Options(format=output_format, background=(9, 9, 9), crop=Margin(10, "%"), max_size=24)
    photo = Photo(gradient(80, 60), None, srgb_profile())

    file = delivery(framed_cutout(photo, rectangle(80, 60, (20, 15, 60, 35)), UNREFINED, options), options)

    assert (file.width, file.height) == opened(file.content).size == (24, 14)
    assert opened(file.content).info["icc_profile"] == srgb_profile()


def test_a_webp_is_lossless_if_that_is_asked_for() -> None:
    framed = soft_cutout(200, 150)

    exact, lossy = (
        np.asarray(opened(delivery(framed, Options(format="webp", lossless=lossless)).content))
        for lossless in (True, False)
    )

    assert np.array_equal(exact, framed.rgba)
    assert not np.array_equal(lossy, framed.rgba)


def test_a_webp_on_a_background_is_lossless_as_well() -> None:
    framed = soft_cutout(200, 150)
    webp, png = (
        np.asarray(opened(delivery(framed, Options(format=each, background=(1, 2, 3), lossless=True)).content))
        for each in ("webp", "png")
    )
    assert np.array_equal(webp, png)


@pytest.mark.parametrize("options", [Options(), Options(format="webp", lossless=True)], ids=str)
def test_a_matte_is_the_alpha_as_a_grey_image_to_the_last_bit(options: Options) -> None:
    framed = Cutout(soft_cutout(200, 150).rgba[10:140, 20:150], srgb_profile())

    image = opened(delivery(framed, Options(format=options.format, output="matte", lossless=options.lossless)).content)

    assert np.array_equal(np.asarray(image.convert("L")), framed.rgba[:, :, 3])
    assert "icc_profile" not in image.info


@pytest.mark.parametrize(("output_format", "mode"), [("png", "L"), ("jpeg", "L"), ("webp", "RGB")])
def test_a_matte_comes_in_every_format_and_needs_no_background(output_format: OutputFormat, mode: str) -> None:
    framed = cutout_with(rectangle(80, 60, (20, 15, 60, 35)))

    file = delivery(framed, Options(format=output_format, output="matte"))

    image = opened(file.content)
    assert (image.mode, image.size, image.format) == (mode, (80, 60), output_format.upper())
    assert abs(np.asarray(image.convert("L")).astype(int) - framed.rgba[:, :, 3]).mean() < 4


@pytest.mark.parametrize("output", ["cutout", "matte"])
def test_a_side_that_the_format_cannot_hold_is_refused_unless_it_is_scaled(output: str) -> None:
    wide = Cutout(np.zeros((4, MAX_SIDES["webp"] + 10, 4), np.uint8), None)
    options = Options(format="webp", output="matte" if output == "matte" else "cutout")

    with pytest.raises(TooManyPixelsError, match="maxSize"):
        delivery(wide, options)

    assert delivery(resize(wide, *fitted(MAX_SIDES["webp"] + 10, 4, 500)), options).width == 500
