"""An image behind the cut-out: where it lies, which colours it has, and what is refused."""

from io import BytesIO
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import (
    CorruptImageError,
    EmptyImageError,
    ImageError,
    ImageTooLargeError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageTypeError,
)
from background_remover.domain.jobs import LARGEST_UPLOAD, Options, OutputFormat
from imaging.backdrop import on_backdrop, read_backdrop
from imaging.cutout import Cutout
from imaging.framing import delivery
from imaging.photo import Photo
from tests.unit.imaging.images import (
    file_of,
    gradient,
    is_about,
    opened,
    photo_file,
    srgb_profile,
    swapped_profile,
)

FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)


def clear(width: int, height: int) -> NDArray[np.uint8]:
    return np.zeros((height, width, 4), np.uint8)


def backdrop(rgb: NDArray[np.uint8], profile: bytes | None = None) -> Photo:
    return Photo(rgb, None, profile)


# ---- where it lies -------------------------------------------------------------------------------


def test_a_backdrop_of_the_frames_size_is_there_to_the_last_bit() -> None:
    flat = on_backdrop(clear(300, 200), None, backdrop(gradient(300, 200)))

    assert np.array_equal(flat[:, :, :3], gradient(300, 200))
    assert (flat[:, :, 3] == 255).all()


@pytest.mark.parametrize(
    ("size", "shown"),
    [((120, 60), np.s_[:, 20:100]), ((80, 100), np.s_[20:80, :])],
    ids=["wider", "taller"],
)
def test_what_does_not_fit_is_cut_off_on_both_sides_alike(size: tuple[int, int], shown: tuple[slice, slice]) -> None:
    behind = gradient(*size)
    assert np.array_equal(on_backdrop(clear(80, 60), None, backdrop(behind))[:, :, :3], behind[shown])


@pytest.mark.parametrize("size", [(7, 5), (1, 1), (999, 3), (640, 480), (1500, 2000)])
def test_any_other_size_fills_the_frame_as_pillow_scales_the_whole(size: tuple[int, int]) -> None:
    behind = Image.fromarray(gradient(*size))

    flat = on_backdrop(clear(200, 150), None, backdrop(np.asarray(behind)))

    scale = min(size[0] / 200, size[1] / 150)
    left, top = (size[0] - 200 * scale) / 2, (size[1] - 150 * scale) / 2
    box = (left, top, left + 200 * scale, top + 150 * scale)
    whole = np.asarray(behind.resize((200, 150), Image.Resampling.BICUBIC, box=box))
    assert abs(flat[:, :, :3].astype(int) - whole).max() <= 1


# ---- which colours it has ------------------------------------------------------------------------


def test_the_subject_is_above_it_by_its_alpha() -> None:
    rgba = clear(3, 1)
    rgba[0] = [(200, 100, 0, 255), (200, 100, 0, 128), (0, 0, 0, 0)]

    flat = on_backdrop(rgba, None, backdrop(np.full((1, 3, 3), (0, 100, 250), np.uint8)))

    assert flat[0].tolist() == [[200, 100, 0, 255], [100, 100, 125, 255], [0, 100, 250, 255]]


def test_a_colour_behind_and_an_image_of_that_colour_are_the_same() -> None:
    rgba = np.random.default_rng(5).integers(0, 256, (90, 120, 4), dtype=np.uint8)
    colour = (13, 200, 77)
    image = backdrop(np.full((9, 12, 3), colour, np.uint8))

    on_image, on_colour = (
        delivery(Cutout(rgba, None), options, behind).content
        for options, behind in ((Options(), lambda: image), (Options(background=colour), None))
    )

    assert on_image == on_colour


def test_the_photos_profile_wins_and_the_backdrops_colours_are_converted_to_it() -> None:
    behind = backdrop(np.full((4, 4, 3), (200, 30, 90), np.uint8), srgb_profile())

    flat = on_backdrop(clear(4, 4), swapped_profile(), behind)  # in which red is called green

    assert is_about(flat[:, :, :3], (30, 200, 90), tolerance=2)


def test_a_backdrop_without_a_profile_is_srgb() -> None:
    behind = np.full((4, 4, 3), (200, 30, 90), np.uint8)
    assert is_about(on_backdrop(clear(4, 4), swapped_profile(), backdrop(behind))[:, :, :3], (30, 200, 90), tolerance=2)
    assert is_about(on_backdrop(clear(4, 4), None, backdrop(behind, swapped_profile()))[:, :, :3], (30, 200, 90), 2)


@pytest.mark.parametrize(("photos", "backdrops"), [(b"damaged", None), (None, b"damaged")])
def test_a_damaged_profile_says_nothing_of_the_colours(photos: bytes | None, backdrops: bytes | None) -> None:
    flat = on_backdrop(clear(8, 6), photos, backdrop(gradient(8, 6), backdrops))
    assert np.array_equal(flat[:, :, :3], gradient(8, 6))


def test_what_is_transparent_in_it_is_white() -> None:
    behind = Photo(gradient(8, 6), np.zeros((6, 8), np.uint8), None)
    assert (on_backdrop(clear(8, 6), None, behind) == 255).all()


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_is_opaque_on_it_and_has_the_photos_profile(output_format: OutputFormat) -> None:
    options = Options(format=output_format, lossless=output_format == "webp")
    image = backdrop(gradient(64, 48))

    file = delivery(Cutout(clear(64, 48), srgb_profile()), options, lambda: image)

    picture = opened(file.content)
    assert picture.mode == "RGB"
    assert picture.info["icc_profile"] == srgb_profile()
    assert abs(np.asarray(picture).astype(int) - gradient(64, 48)).mean() < 6  # of a JPEG


# ---- what is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(orientation: int) -> None:
    content = photo_file("PNG", orientation=orientation)
    with Image.open(BytesIO(content)) as image:
        sideways = orientation >= 5
        assert read_backdrop(content).photo.rgb.shape[:2] == (image.size if sideways else image.size[::-1])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyImageError),
        (b"<html>", NotAnImageError),
        (b"II*\0" + bytes(20), UnsupportedImageTypeError),
        (photo_file("PNG")[:200], CorruptImageError),
        (file_of(Image.new("1", (5001, 5000)), "PNG"), TooManyPixelsError),
        (file_of(Image.new("1", (9000, 9000)), "PNG"), TooManyPixelsError),
        (photo_file("PNG") + bytes(LARGEST_UPLOAD), ImageTooLargeError),
    ],
    ids=["empty", "no image", "tiff", "broken off", "25.005 megapixels", "81 megapixels", "10 MB"],
)
def test_what_is_no_fit_backdrop_is_refused_as_a_photo_is_and_named(content: bytes, error: type[ImageError]) -> None:
    with pytest.raises(error, match="The background image cannot be used"):
        read_backdrop(content)


def test_twenty_five_megapixels_are_taken() -> None:
    content = file_of(Image.new("L", (5000, 5000)), "PNG")
    assert read_backdrop(content).photo.rgb.shape == (5000, 5000, 3)
