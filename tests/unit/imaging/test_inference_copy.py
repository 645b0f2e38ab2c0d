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

FORMATS = ("JPEG", "PNG", "WEBP")


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_short_edge_is_bounded(file_format: str) -> None:
    copy = inference_copy(photo_file(file_format, 3000, 2000))
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


def test_the_copy_is_an_rgb_jpeg_without_metadata() -> None:
    content = file_of(
        Image.new("L", (64, 48), 90), "JPEG", exif=Image.Exif(), comment=b"private", icc_profile=srgb_profile()
    )
    copy = inference_copy(content)
    image = opened(copy.content)
    assert copy.content_type == "image/jpeg"
    assert (image.format, image.mode) == ("JPEG", "RGB")
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
