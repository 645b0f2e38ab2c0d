"""What Hugging Face gets to see of a photo."""

import numpy as np
import pytest
from PIL import Image

from imaging.photo import INFERENCE_LONG_EDGE, INFERENCE_SHORT_EDGE, inference_copy
from tests.unit.imaging.images import (
    file_of,
    is_about,
    opened,
    photo_file,
    png_file,
    seen_by_the_model,
    srgb_profile,
)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_short_edge_is_bounded(file_format: str) -> None:
    copy = inference_copy(file_of(Image.new("RGB", (3000, 2000)), file_format))
    assert (copy.width, copy.height) == (INFERENCE_SHORT_EDGE * 3 // 2, INFERENCE_SHORT_EDGE)
    assert opened(copy.content).size == (copy.width, copy.height)


def test_the_long_edge_is_bounded() -> None:
    copy = inference_copy(photo_file("JPEG", 4000, 1500))
    assert (copy.width, copy.height) == (INFERENCE_LONG_EDGE, INFERENCE_LONG_EDGE * 1500 // 4000)


def test_a_reduced_jpeg_shows_what_the_photo_shows() -> None:
    content = photo_file("JPEG", 2900, 2100)
    copy = inference_copy(content)
    reduced = opened(content).resize((copy.width, copy.height), Image.Resampling.BOX)
    assert abs(np.asarray(opened(copy.content)).astype(int) - np.asarray(reduced)).mean() < 2


def test_a_reduced_jpeg_is_not_shifted() -> None:
    width, edge = 16385, 14000  # decoded at 1/8, its last column of 2049 shows an eighth of the photo's
    image = Image.new("L", (width, 64), 255)
    image.paste(0, (edge, 0, width, 64))
    bright = seen_by_the_model(file_of(image, "JPEG"))[4, :, 0].sum() / 255
    assert bright == pytest.approx(edge / width * INFERENCE_LONG_EDGE, abs=0.3)


def test_a_small_photo_is_not_enlarged() -> None:
    copy = inference_copy(photo_file("PNG", 5, 3))
    assert (copy.width, copy.height) == (5, 3)


def test_a_very_long_photo_keeps_a_pixel_of_height() -> None:
    copy = inference_copy(photo_file("PNG", 5000, 2))
    assert (copy.width, copy.height) == (INFERENCE_LONG_EDGE, 1)


def test_the_copy_of_a_photo_is_a_jpeg_of_full_colour_resolution() -> None:
    copy = inference_copy(photo_file("PNG", 800, 600))
    image = opened(copy.content)
    assert (copy.content_type, image.format, image.mode) == ("image/jpeg", "JPEG", "RGB")
    assert {component[1:3] for component in image.layer} == {(1, 1)}  # type: ignore[attr-defined]  # of JPEGs only


def graphic(width: int = 2048, height: int = 2048) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    for place in range(0, width, 128):
        image.paste((place % 256, 90, 200), (place, place // 2, place + 70, height))
    return image


def test_the_copy_of_a_graphic_is_an_exact_png_as_that_is_smaller() -> None:
    image = graphic()
    copy = inference_copy(file_of(image, "PNG"))
    as_jpeg = file_of(image.resize((1024, 1024), Image.Resampling.BOX), "JPEG", quality=95, subsampling="4:4:4")
    assert (copy.content_type, opened(copy.content).format) == ("image/png", "PNG")
    assert len(copy.content) < len(as_jpeg)


def test_a_graphic_with_a_photo_in_it_is_what_is_smaller() -> None:
    """The rows that a PNG's size is guessed by look cheap, the others do not."""
    image = graphic(1024, 1024)
    noise = np.random.default_rng(1).integers(0, 256, (200, 1024, 3), dtype=np.uint8)
    image.paste(Image.fromarray(noise), (0, 40))
    assert inference_copy(file_of(image, "PNG")).content_type == "image/jpeg"


@pytest.mark.parametrize("size", [(64, 48), (1, 1)])
def test_the_copy_has_no_metadata(size: tuple[int, int]) -> None:
    content = file_of(
        Image.new("L", size, 90), "JPEG", exif=Image.Exif(), comment=b"private", icc_profile=srgb_profile()
    )
    image = opened(inference_copy(content).content)
    assert image.mode == "RGB"
    assert not {"exif", "comment", "icc_profile"} & set(image.info)


def test_transparency_is_white_to_the_model() -> None:
    rgba = Image.new("RGBA", (2000, 1000), (255, 0, 0, 0))
    rgba.paste((0, 0, 255, 255), (1000, 0, 2000, 1000))
    seen = seen_by_the_model(file_of(rgba, "PNG"))
    middle = seen.shape[1] // 2
    assert is_about(seen[:, : middle - 4], (255, 255, 255))
    assert is_about(seen[:, middle + 4 :], (0, 0, 255))
    assert (seen[:, :, 1] >= 0).all()
    assert is_about(seen_by_the_model(png_file((1, 1), 8, 4, bytes([0, 0]))), (255, 255, 255))
