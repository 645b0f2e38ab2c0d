from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.inference_errors import InvalidMatteError
from imaging.matte import decode_matte, encode_matte, read_matte, upsample
from tests.unit.imaging.images import file_of, gradient, photo_file, png_chunk, png_file, png_header, text_bomb

MATTE = np.arange(48 * 64, dtype=np.uint32).reshape(48, 64).astype(np.uint8)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_a_mask_is_the_matte(file_format: str) -> None:
    answer = file_of(Image.fromarray(MATTE), file_format, lossless=True)
    assert np.array_equal(read_matte(answer, width=64, height=48), MATTE)


def test_a_jpeg_mask_is_the_matte_as_well_as_it_can_be() -> None:
    smooth = np.repeat(np.linspace(0, 255, 64, dtype=np.uint8)[np.newaxis], 48, axis=0)
    matte = read_matte(file_of(Image.fromarray(smooth), "JPEG", quality=95), width=64, height=48)
    assert abs(matte.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_the_alpha_of_a_cut_out_is_the_matte(file_format: str) -> None:
    answer = file_of(Image.fromarray(np.dstack([gradient(), MATTE])), file_format, lossless=True)
    assert np.array_equal(read_matte(answer, width=64, height=48), MATTE)


def test_the_alpha_of_a_grey_cut_out_is_the_matte() -> None:
    matte = read_matte(png_file((2, 1), 8, 4, bytes([9, 255, 9, 3])), width=2, height=1)
    assert matte.tolist() == [[255, 3]]


def test_an_rgb_mask_is_read_by_its_brightness() -> None:
    answer = file_of(Image.fromarray(np.dstack([MATTE] * 3)), "PNG")
    assert np.array_equal(read_matte(answer, width=64, height=48), MATTE)


def test_a_photo_that_comes_back_is_no_matte() -> None:
    with pytest.raises(InvalidMatteError, match="in colour"):
        read_matte(photo_file("PNG", 64, 48), width=64, height=48)


def test_a_one_bit_mask_is_all_or_nothing() -> None:
    assert read_matte(png_file((2, 1), 1, 0, bytes([0b01000000])), width=2, height=1).tolist() == [[0, 255]]


def test_a_palette_mask_is_read_by_its_colours() -> None:
    palette = png_chunk(b"PLTE", bytes([255, 255, 255, 0, 0, 0]))
    assert read_matte(png_file((2, 1), 8, 3, bytes([0, 1]), palette), width=2, height=1).tolist() == [[255, 0]]


def test_a_16_bit_mask_keeps_its_shades() -> None:
    rows = np.array([0, 0x8000, 0xFFFF], ">u2").tobytes()
    assert read_matte(png_file((3, 1), 16, 0, rows), width=3, height=1).tolist() == [[0, 0x80, 0xFF]]


@pytest.mark.parametrize(("width", "height"), [(63, 48), (64, 49), (48, 64)])
def test_a_matte_of_another_size_is_invalid(width: int, height: int) -> None:
    with pytest.raises(InvalidMatteError, match="answered with 64 x 48"):
        read_matte(encode_matte(MATTE), width=width, height=height)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<!DOCTYPE html><title>502</title>",
        b'{"error": "overloaded"}',
        file_of(Image.fromarray(MATTE), "GIF"),
        png_header(64, 48, 8, 0),
        png_header(20_000, 20_000, 8, 0) + png_chunk(b"IDAT", b""),
        png_header(8500, 6000, 8, 0) + png_chunk(b"IDAT", b""),
        png_file((64, 48), 8, 0, MATTE.tobytes(), text_bomb()),
    ],
    ids=["nothing", "html", "json", "gif", "header only", "bomb", "51 megapixels", "text bomb"],
)
def test_what_is_no_image_or_too_large_a_one_is_invalid(answer: bytes) -> None:
    with pytest.raises(InvalidMatteError):
        read_matte(answer, width=64, height=48)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "JPEG"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_matte_is_invalid(file_format: str, share: float) -> None:
    answer = photo_file(file_format)
    with pytest.raises(InvalidMatteError):
        read_matte(answer[: int(share * len(answer))], width=64, height=48)


def test_a_kept_matte_comes_back_exactly() -> None:
    content = encode_matte(MATTE)
    assert Image.open(BytesIO(content)).mode == "L"
    assert np.array_equal(read_matte(content, width=64, height=48), MATTE)


def test_upsampling_blends_between_neighbours() -> None:
    edge = np.array([[0, 255]], np.uint8)
    assert upsample(edge, width=8, height=1).tolist() == [[0, 0, 32, 96, 159, 223, 255, 255]]


def test_upsampling_leaves_full_and_empty_areas_full_and_empty() -> None:
    matte = np.zeros((10, 10), np.uint8)
    matte[:, 5:] = 255
    large = upsample(matte, width=401, height=303)
    assert large.shape == (303, 401)
    assert (large[:, :180] == 0).all()
    assert (large[:, 221:] == 255).all()


def test_a_matte_that_has_the_size_stays_as_it_is() -> None:
    assert np.array_equal(upsample(MATTE, width=64, height=48), MATTE)


def test_a_stored_matte_is_read_back_exactly_whatever_its_size() -> None:
    matte = np.random.default_rng(2).integers(0, 256, (31, 57), dtype=np.uint8)
    assert np.array_equal(decode_matte(encode_matte(matte)), matte)
