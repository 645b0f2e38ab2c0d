from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageOps

from background_remover.domain.image_errors import TooManyPixelsError
from background_remover.domain.jobs import OutputFormat
from background_remover.domain.tiers import Refinement
from imaging.cutout import CONTENT_TYPES, MAX_SIDES, Cutout, compose, encode, thumbnail
from imaging.matte import encode_matte, read_matte
from imaging.photo import Photo, decode, inference_copy
from tests.unit.imaging.images import display_p3, gradient, photo_file, srgb_profile

FORMATS: tuple[OutputFormat, ...] = ("png", "webp", "jpeg")
UNREFINED = Refinement()
RED = (255, 0, 0)


def disc(width: int, height: int) -> NDArray[np.uint8]:
    """A matte: full in the middle, empty in the corners, soft between."""
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot((x - width / 2) / width, (y - height / 2) / height)
    matte: NDArray[np.uint8] = (np.clip(2 - 4 * distance, 0, 1) * 255).round().astype(np.uint8)
    return matte


def cutout_of(width: int = 64, height: int = 48, icc_profile: bytes | None = None) -> Cutout:
    return compose(Photo(gradient(width, height), None, icc_profile), disc(width, height), UNREFINED)


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


# ---- compose -------------------------------------------------------------------------------------


def test_the_matte_becomes_the_alpha() -> None:
    assert np.array_equal(cutout_of().rgba[:, :, 3], disc(64, 48))


def test_colours_are_the_photos_wherever_anything_shows() -> None:
    shows = disc(64, 48) > 0
    assert np.array_equal(cutout_of().rgba[shows][:, :3], gradient()[shows])


def test_hidden_colours_are_zeroed() -> None:
    hidden = disc(64, 48) == 0
    assert hidden.any()
    assert not cutout_of().rgba[hidden].any()


@given(arrays(np.uint8, (35, 7)), arrays(np.uint8, (35, 7)))
@settings(max_examples=50, deadline=None)
def test_the_photos_own_alpha_is_multiplied_in(matte: NDArray[np.uint8], own: NDArray[np.uint8]) -> None:
    rgba = compose(Photo(gradient(7, 35), own, None), matte, UNREFINED).rgba
    assert np.array_equal(rgba[:, :, 3], np.rint(matte.astype(float) * own / 255))
    assert not rgba[rgba[:, :, 3] == 0].any()


def test_every_product_of_two_alphas_is_rounded_to_the_nearest() -> None:
    matte, own = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    rgba = compose(Photo(gradient(256, 256), own, None), matte, UNREFINED).rgba
    assert np.array_equal(rgba[:, :, 3], np.rint(matte.astype(float) * own / 255))


def test_the_photo_is_left_as_it_was() -> None:
    photo = Photo(gradient(), None, None)
    compose(photo, disc(64, 48), UNREFINED)
    assert np.array_equal(photo.rgb, gradient())


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_from_file_to_file_opaque_pixels_are_the_decoded_photos(file_format: str, orientation: int) -> None:
    content = photo_file(file_format, 1300, 900, orientation)
    copy = inference_copy(content)
    matte = read_matte(encode_matte(disc(copy.width, copy.height)), width=copy.width, height=copy.height)
    photo = decode(content)
    result = encode(compose(photo, matte, UNREFINED), "png", None)

    upright = ImageOps.exif_transpose(opened(content)).convert("RGB")
    rgba = np.asarray(opened(result))
    opaque = rgba[:, :, 3] == 255
    assert opened(result).size == upright.size
    assert opaque.mean() > 0.1
    assert np.array_equal(rgba[opaque][:, :3], np.asarray(upright)[opaque])


# ---- encode --------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_file_is_what_its_content_type_says(output_format: OutputFormat) -> None:
    image = opened(encode(cutout_of(), output_format, RED))
    assert Image.MIME[str(image.format)] == CONTENT_TYPES[output_format]
    assert image.size == (64, 48)


def test_a_png_is_exact() -> None:
    cutout = cutout_of()
    assert np.array_equal(np.asarray(opened(encode(cutout, "png", None))), cutout.rgba)


def test_a_webp_has_exact_alpha_and_near_colours() -> None:
    cutout = cutout_of()
    rgba = np.asarray(opened(encode(cutout, "webp", None)))
    opaque = cutout.rgba[:, :, 3] == 255
    assert np.array_equal(rgba[:, :, 3], cutout.rgba[:, :, 3])
    assert abs(rgba[opaque].astype(int) - cutout.rgba[opaque]).mean() < 10


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("background", [RED, (255, 255, 255), (10, 20, 30)])
def test_a_background_fills_what_is_transparent(output_format: OutputFormat, background: tuple[int, int, int]) -> None:
    image = opened(encode(cutout_of(400, 300), output_format, background))
    assert image.mode == "RGB"
    assert abs(np.asarray(image)[:20, :20].astype(int) - background).max() <= 4


def test_on_a_background_colours_mix_by_alpha_and_opaque_pixels_are_exact() -> None:
    cutout = cutout_of()
    flat = np.asarray(opened(encode(cutout, "png", RED))).astype(int)
    alpha = cutout.rgba[:, :, 3:].astype(float)
    assert abs(flat - (cutout.rgba[:, :, :3] * alpha + np.array(RED) * (255 - alpha)) / 255).max() <= 1
    opaque = cutout.rgba[:, :, 3] == 255
    assert np.array_equal(flat[opaque], cutout.rgba[opaque][:, :3])


def test_a_jpeg_keeps_the_full_resolution_of_its_colours() -> None:
    image = opened(encode(cutout_of(), "jpeg", RED))
    assert {component[1:3] for component in image.layer} == {(1, 1)}  # type: ignore[attr-defined]  # of JPEGs only


def test_a_jpeg_needs_a_background() -> None:
    with pytest.raises(ValueError, match="background"):
        encode(cutout_of(), "jpeg", None)


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("background", [None, RED])
def test_the_profile_is_kept_in_every_format(
    output_format: OutputFormat, background: tuple[int, int, int] | None
) -> None:
    if output_format == "jpeg" and background is None:
        return
    profile, _ = display_p3()
    for lossless in (False, True):
        image = opened(encode(cutout_of(icc_profile=profile), output_format, background, lossless=lossless))
        assert image.info["icc_profile"] == profile


@pytest.mark.parametrize("background", [None, RED])
def test_a_lossless_webp_is_what_the_png_is(background: tuple[int, int, int] | None) -> None:
    webp, png = (encode(cutout_of(), kind, background, lossless=True) for kind in ("webp", "png"))
    assert np.array_equal(np.asarray(opened(webp)), np.asarray(opened(png)))


@pytest.mark.parametrize("background", [None, RED])
def test_a_webp_is_not_lossless_unless_asked_for(background: tuple[int, int, int] | None) -> None:
    webp, png = (encode(cutout_of(), kind, background) for kind in ("webp", "png"))
    assert not np.array_equal(np.asarray(opened(webp)), np.asarray(opened(png)))


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_background_is_the_colour_that_was_asked_for_in_the_photos_profile_too(output_format: OutputFormat) -> None:
    profile, to_srgb = display_p3()
    image = opened(encode(cutout_of(icc_profile=profile), output_format, (0, 128, 255), lossless=True))
    corner = np.asarray(image.convert("RGB"))[0, 0]
    assert np.abs(np.rint(to_srgb(corner / 255) * 255) - (0, 128, 255)).max() <= 5  # a JPEG rounds


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_profile_is_made_up(output_format: OutputFormat) -> None:
    assert not opened(encode(cutout_of(), output_format, RED)).info.get("icc_profile")


@pytest.mark.parametrize("output_format", ["webp", "jpeg"])
def test_a_side_longer_than_the_format_can_hold_is_refused(output_format: OutputFormat) -> None:
    longest = MAX_SIDES[output_format]
    assert opened(encode(Cutout(np.zeros((1, longest, 4), np.uint8), None), output_format, RED)).width == longest
    with pytest.raises(TooManyPixelsError, match=f"{longest + 1} pixels"):
        encode(Cutout(np.zeros((1, longest + 1, 4), np.uint8), None), output_format, RED)


# ---- thumbnail -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1200, 900), (300, 225)),
        ((900, 1200), (225, 300)),
        ((301, 300), (300, 299)),
        ((40, 30), (40, 30)),
        ((3000, 1), (300, 1)),
        ((2017, 1999), (300, 297)),
    ],
)
def test_a_thumbnail_is_at_most_300_pixels_long_and_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    image = opened(thumbnail(cutout_of(*size)))
    assert (image.format, image.size) == ("WEBP", expected)


@pytest.mark.parametrize("size", [(600, 450), (3600, 900)])
def test_a_thumbnail_shows_what_the_cut_out_shows(size: tuple[int, int]) -> None:
    cutout = cutout_of(*size)
    reduced = Image.fromarray(cutout.rgba).resize((300, 300 * size[1] // size[0]), Image.Resampling.BOX)
    shown = np.asarray(opened(thumbnail(cutout)).convert("RGBa")).astype(int)
    assert abs(shown - np.asarray(reduced.convert("RGBa"))).mean() < 3


def test_a_thumbnail_has_no_dark_rim() -> None:
    white = np.full((600, 600, 3), 255, np.uint8)
    rgba = np.asarray(opened(thumbnail(compose(Photo(white, None, None), disc(600, 600), UNREFINED))))
    assert rgba[rgba[:, :, 3] > 40][:, :3].min() > 225


def test_a_thumbnail_keeps_the_profile() -> None:
    assert opened(thumbnail(cutout_of(icc_profile=srgb_profile()))).info["icc_profile"] == srgb_profile()


@pytest.mark.large
def test_a_webp_too_full_of_detail_for_its_first_partition_loses_quality_and_not_the_job() -> None:
    """A texture at 24 megapixels, at which quality 90 overflows: a gradient of that size would fit."""
    tile = np.random.default_rng(3).integers(0, 256, (300, 400, 4), dtype=np.uint8)
    tile[..., 3] = 255
    cutout = Cutout(np.tile(tile, (14, 15, 1)), None)
    with pytest.raises(ValueError, match="encoding error 6"):
        Image.fromarray(cutout.rgba).save(BytesIO(), "WEBP", quality=90, method=0)
    assert Image.open(BytesIO(encode(cutout, "webp", None))).size == (6000, 4200)
