import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from imaging.photo import PhotoInfo, decode, inspect
from tests.unit.imaging.images import (
    PALETTE,
    PALETTE_PNG,
    cmyk_profile,
    file_of,
    gradient,
    grey_profile,
    is_about,
    opened,
    photo_file,
    png_chunk,
    png_file,
    seen_by_the_model,
    srgb_profile,
    swapped_profile,
    with_icc,
)

FORMATS = ("JPEG", "PNG", "WEBP")


# ---- inspect -------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_type_is_recognised_by_content(file_format: str) -> None:
    assert inspect(photo_file(file_format)) == PhotoInfo(f"image/{file_format.lower()}", 64, 48)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_width_and_height_are_those_of_the_upright_photo(file_format: str, orientation: int) -> None:
    info = inspect(photo_file(file_format, orientation=orientation))
    assert (info.width, info.height) == ((64, 48) if orientation < 5 else (48, 64))


def test_a_png_is_inspected_without_decoding_it() -> None:
    header_only = photo_file("PNG", 640, 480)[:200]
    assert inspect(header_only).width == 640


# ---- orientation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_decoded_upright_and_exactly(file_format: str, orientation: int) -> None:
    content = photo_file(file_format, orientation=orientation)
    upright = np.asarray(ImageOps.exif_transpose(opened(content)).convert("RGB"))
    assert np.array_equal(decode(content).rgb, upright)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_model_sees_the_photo_upright(file_format: str, orientation: int) -> None:
    content = photo_file(file_format, orientation=orientation)
    assert abs(seen_by_the_model(content) - decode(content).rgb).mean() < 5


def test_the_orientation_counts_also_where_a_png_has_it_after_the_pixels() -> None:
    turned = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 3, 1, 6) + bytes(4)
    content = png_file((2, 1), 8, 2, b"abcdef", after=(png_chunk(b"eXIf", turned),))
    assert (inspect(content).width, inspect(content).height) == (1, 2)
    assert decode(content).rgb.tolist() == [[[97, 98, 99]], [[100, 101, 102]]]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_leaves_the_photo_as_it_is() -> None:
    content = png_file((2, 1), 8, 2, b"abcdef", png_chunk(b"eXIf", b"II*\0\xff\xff\xff\xff\x01"))
    assert inspect(content).width == 2
    assert decode(content).rgb.tolist() == [[[97, 98, 99], [100, 101, 102]]]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    content = photo_file("JPEG", orientation=orientation)
    assert inspect(content).width == 64
    assert decode(content).rgb.shape == (48, 64, 3)


# ---- pixel formats -------------------------------------------------------------------------------


def test_grey_becomes_equal_parts_of_red_green_and_blue() -> None:
    photo = decode(png_file((2, 1), 8, 0, bytes([7, 200])))
    assert photo.rgb.tolist() == [[[7, 7, 7], [200, 200, 200]]]
    assert photo.alpha is None


def test_one_bit_grey_becomes_black_and_white() -> None:
    assert decode(png_file((3, 1), 1, 0, bytes([0b01000000]))).rgb[0, :, 0].tolist() == [0, 255, 0]


def test_16_bit_grey_keeps_its_shades() -> None:
    rows = np.array([0, 0x1234, 0x8000, 0xFFFF], ">u2").tobytes()
    assert decode(png_file((4, 1), 16, 0, rows)).rgb[0, :, 1].tolist() == [0, 0x12, 0x80, 0xFF]


def test_the_transparent_shade_of_16_bit_grey_becomes_alpha() -> None:
    rows = np.array([0x1234, 0x1235], ">u2").tobytes()
    photo = decode(png_file((2, 1), 16, 0, rows, png_chunk(b"tRNS", b"\x12\x34")))
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255]]


def test_16_bit_rgb_becomes_8_bit() -> None:
    rows = np.array([0x0102, 0x7F80, 0xFFFF], ">u2").tobytes()
    assert decode(png_file((1, 1), 16, 2, rows)).rgb.tolist() == [[[0x01, 0x7F, 0xFF]]]


def test_grey_with_alpha_keeps_both() -> None:
    photo = decode(png_file((2, 1), 8, 4, bytes([10, 20, 30, 40])))
    assert photo.rgb[0, :, 2].tolist() == [10, 30]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[20, 40]]


def test_16_bit_grey_with_alpha_keeps_both() -> None:
    photo = decode(png_file((1, 1), 16, 4, b"\x12\x34\x80\x00"))
    assert photo.rgb.tolist() == [[[0x12] * 3]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0x80]]


def test_rgba_keeps_the_colours_of_transparent_pixels() -> None:
    photo = decode(png_file((2, 1), 8, 6, bytes([1, 2, 3, 0, 4, 5, 6, 77])))
    assert photo.rgb.tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 77]]


def test_a_palette_is_resolved() -> None:
    photo = decode(png_file((2, 1), 8, 3, bytes([1, 0]), PALETTE))
    assert photo.rgb.tolist() == [[[40, 50, 60], [10, 20, 30]]]
    assert photo.alpha is None


def test_a_palette_with_transparency_gives_alpha() -> None:
    photo = decode(PALETTE_PNG)
    assert photo.rgb.tolist() == [[[40, 50, 60], [10, 20, 30]]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[255, 90]]


def test_the_transparent_colour_of_rgb_becomes_alpha() -> None:
    content = png_file((2, 1), 8, 2, bytes([1, 2, 3, 4, 5, 6]), png_chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3])))
    photo = decode(content)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255]]


def test_the_transparent_shade_of_grey_becomes_alpha() -> None:
    photo = decode(png_file((2, 1), 8, 0, bytes([7, 8]), png_chunk(b"tRNS", b"\0\7")))
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 255]]


def test_the_alpha_is_turned_with_the_photo() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    rgba = np.dstack([gradient(4, 3), np.arange(12, dtype=np.uint8).reshape(3, 4)])
    photo = decode(file_of(Image.fromarray(rgba), "PNG", exif=exif))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, rgba[::-1, ::-1, 3])


def test_cmyk_becomes_rgb() -> None:
    content = file_of(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", quality=100)
    photo = decode(content)
    assert is_about(photo.rgb, (0, 255, 255))
    assert is_about(seen_by_the_model(content), (0, 255, 255))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(file_format: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime")]
    content = file_of(frames[0], file_format, save_all=True, append_images=frames[1:], lossless=True)
    assert is_about(decode(content).rgb, (255, 0, 0), tolerance=0)
    assert is_about(seen_by_the_model(content), (255, 0, 0))


def test_a_lossy_webp_is_decoded_exactly() -> None:
    content = file_of(Image.fromarray(gradient()), "WEBP", quality=60)
    assert np.array_equal(decode(content).rgb, np.asarray(opened(content).convert("RGB")))


def test_a_progressive_jpeg_is_decoded_exactly() -> None:
    content = file_of(Image.fromarray(gradient()), "JPEG", progressive=True)
    assert np.array_equal(decode(content).rgb, np.asarray(opened(content)))


# ---- colour profiles -----------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_profile_of_an_rgb_photo_is_kept_and_its_pixels_untouched(file_format: str) -> None:
    image = Image.fromarray(gradient())
    content = file_of(image, file_format, icc_profile=swapped_profile(), lossless=True)
    photo = decode(content)
    assert photo.icc_profile == swapped_profile()
    assert np.array_equal(photo.rgb, np.asarray(opened(content).convert("RGB")))


def test_a_photo_without_a_profile_has_none() -> None:
    assert decode(photo_file("JPEG")).icc_profile is None


def test_the_model_gets_srgb() -> None:
    content = file_of(Image.new("RGB", (32, 32), (255, 0, 0)), "PNG", icc_profile=swapped_profile())
    assert is_about(seen_by_the_model(content), (0, 255, 0))


def test_the_alpha_survives_a_profile_on_the_way_to_the_model() -> None:
    content = file_of(Image.new("RGBA", (32, 32), (255, 0, 0, 0)), "PNG", icc_profile=swapped_profile())
    assert is_about(seen_by_the_model(content), (255, 255, 255))


def test_a_grey_profile_is_applied_and_dropped() -> None:
    photo = decode(png_file((1, 1), 8, 0, bytes([128]), with_icc(grey_profile(gamma=1.0))))
    assert photo.icc_profile is None
    assert is_about(photo.rgb, (188, 188, 188), tolerance=2)  # half the light is 188 in sRGB


def test_a_grey_profile_is_applied_to_16_bits() -> None:
    photo = decode(png_file((1, 1), 16, 0, b"\x80\0", with_icc(grey_profile(gamma=1.0))))
    assert is_about(photo.rgb, (188, 188, 188), tolerance=2)


def test_a_grey_profile_is_applied_beside_alpha() -> None:
    photo = decode(png_file((1, 1), 8, 4, bytes([128, 99]), with_icc(grey_profile(gamma=1.0))))
    assert is_about(photo.rgb, (188, 188, 188), tolerance=2)
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[99]]


def test_a_grey_photo_keeps_an_rgb_profile() -> None:
    photo = decode(png_file((1, 1), 8, 0, bytes([128]), with_icc(srgb_profile())))
    assert photo.icc_profile == srgb_profile()
    assert photo.rgb.tolist() == [[[128, 128, 128]]]


def test_a_cmyk_profile_is_applied_and_dropped() -> None:
    profile = cmyk_profile(cyan=(128, 128, 128))
    content = file_of(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", icc_profile=profile)
    photo = decode(content)
    assert photo.icc_profile is None
    assert is_about(photo.rgb, (119, 119, 119), tolerance=3)  # L* = 50 is 119 in sRGB
    assert is_about(seen_by_the_model(content), (119, 119, 119), tolerance=6)


@pytest.mark.parametrize(
    "profile",
    [b"not a profile", srgb_profile()[:100], srgb_profile()[:200] + bytes(300), cmyk_profile((128, 128, 128))],
    ids=["text", "header cut", "tags destroyed", "of another colour space"],
)
def test_an_unusable_profile_does_not_change_what_the_model_sees(profile: bytes) -> None:
    content = file_of(Image.new("RGB", (32, 32), (200, 100, 50)), "PNG", icc_profile=profile)
    assert is_about(seen_by_the_model(content), (200, 100, 50))


@pytest.mark.parametrize("profile", [b"not a profile", cmyk_profile((128, 128, 128)), grey_profile(1.0)])
def test_a_profile_that_is_not_for_rgb_is_not_kept(profile: bytes) -> None:
    photo = decode(file_of(Image.fromarray(gradient()), "PNG", icc_profile=profile))
    assert photo.icc_profile is None
    assert np.array_equal(photo.rgb, gradient())


def test_a_profile_too_large_for_a_png_is_applied_and_dropped() -> None:
    profile = swapped_profile() + bytes(1 << 20)
    photo = decode(file_of(Image.new("RGB", (16, 16), (255, 0, 0)), "JPEG", quality=100, icc_profile=profile))
    assert photo.icc_profile is None
    assert is_about(photo.rgb, (0, 255, 0))
