"""Every kind of file that is taken, from header to cut-out: a golden case for each.

What is expected comes from arrays that the file was made of, from the formulas of the standards, or from OpenCV.
"""

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from background_remover.domain.tiers import Refinement
from imaging.cutout import compose, encode
from imaging.matte import encode_matte, read_matte
from imaging.photo import INFERENCE_LONG_EDGE, INFERENCE_SHORT_EDGE, decode, inference_copy, inspect
from tests.unit.imaging.cases_of_codings import (
    avif,
    avif_in_codes,
    fifty_megapixels,
    first_frame,
    gif,
    gif_on_a_larger_screen,
    grey_gif,
    grey_heic,
    grey_jpeg,
    heic,
    heic_in_codes,
    jpeg,
    jpeg_of_4_1_1,
    jpeg_without_end,
    lossy_avif,
    lossy_heic,
    lossy_webp,
    png_of,
    webp_without_padding,
)
from tests.unit.imaging.cases_of_pixels import (
    UPRIGHT,
    adobe_cmyk,
    adobe_ycck,
    cmyk_with_profile,
    cmyk_without_marker,
    grey,
    grey_with_alpha,
    in_chunks,
    in_grey_profile,
    in_profile,
    palette,
    rgb_of_16_bits,
    rgba,
    transparent_colour,
    turned,
)
from tests.unit.imaging.golden_case import Case, Pixels, difference, patches, read_by_opencv, seen_by_littlecms
from tests.unit.imaging.images import (
    ADOBE_CHRM,
    ColourSpace,
    adobe_rgb,
    cicp,
    display_p3,
    gama,
    hlg_as_srgb,
    opened,
    pq_as_srgb,
    srgb_curve,
)

LARGE = "50 MP"
CASES: dict[str, Callable[[], Case]] = {
    **{
        f"{file_format}, orientation {orientation}": lambda f=file_format, o=orientation: turned(f, o)  # type: ignore[misc]
        for file_format in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
        for orientation in UPRIGHT
    },
    **{
        f"{file_format} in {space.__name__}": lambda f=file_format, s=space: in_profile(f, s)  # type: ignore[misc]
        for file_format in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
        for space in (display_p3, adobe_rgb)
    },
    "grey PNG in gamma 1.8": in_grey_profile,
    "PNG in Display P3 by cICP": lambda: in_chunks([cicp(12, 13)], display_p3()[1]),
    "PNG in Adobe RGB by gAMA and cHRM": lambda: in_chunks([gama(45_470), ADOBE_CHRM], adobe_rgb()[1]),
    "PNG in linear light by gAMA": lambda: in_chunks([gama(100_000)], srgb_curve),
    "grey PNG in linear light by gAMA": lambda: in_chunks([gama(100_000)], srgb_curve, grey=True),
    "PNG in BT.709's colours and PQ by cICP": lambda: in_chunks([cicp(1, 16)], pq_as_srgb),
    "PNG in BT.709's colours and HLG by cICP": lambda: in_chunks([cicp(1, 18)], hlg_as_srgb),
    "CMYK JPEG": adobe_cmyk,
    "CMYK JPEG as YCCK": adobe_ycck,
    "CMYK JPEG without Adobe's marker": cmyk_without_marker,
    "CMYK JPEG in a profile": cmyk_with_profile,
    "grey JPEG": grey_jpeg,
    **{f"grey PNG of {bits} bits": lambda b=bits: grey(b) for bits in (1, 2, 4, 8, 16)},  # type: ignore[misc]
    "grey + alpha PNG": lambda: grey_with_alpha(8),
    "grey + alpha PNG of 16 bits": lambda: grey_with_alpha(16),
    "RGB PNG of 16 bits": rgb_of_16_bits,
    "RGBA PNG of 16 bits": lambda: rgb_of_16_bits(alpha=True),
    "palette PNG": palette,
    "palette PNG with tRNS": lambda: palette(bytes([255, 0, 128])),
    "grey PNG with tRNS": lambda: transparent_colour(0),
    "RGB PNG with tRNS": lambda: transparent_colour(2),
    "RGBA PNG": lambda: rgba("PNG"),
    "RGBA WebP": lambda: rgba("WEBP"),
    "RGBA HEIC": lambda: rgba("HEIF"),
    "GIF": lambda: gif(interlace=False),
    "GIF, interlaced": lambda: gif(interlace=True),
    "GIF with a transparent colour": lambda: gif(transparency=5),
    "GIF, grey": grey_gif,
    "GIF on a larger screen": gif_on_a_larger_screen,
    "animated GIF": lambda: first_frame("GIF"),
    "animated PNG": lambda: first_frame("PNG"),
    "animated WebP": lambda: first_frame("WEBP"),
    "progressive JPEG": lambda: jpeg(progressive=True),
    "4:4:4 JPEG": lambda: jpeg(subsampling="4:4:4"),
    "4:2:2 JPEG": lambda: jpeg(subsampling="4:2:2"),
    "4:2:0 JPEG": lambda: jpeg(subsampling="4:2:0"),
    "4:1:1 JPEG": jpeg_of_4_1_1,
    "JPEG without its end marker": jpeg_without_end,
    "progressive JPEG without its end marker": lambda: jpeg_without_end(progressive=True),
    "JPEG with restart markers without its end marker": lambda: jpeg_without_end(restart_marker_rows=1),
    "large JPEG without its end marker": lambda: jpeg_without_end(2400, 2100),
    "lossy WebP": lossy_webp,
    "WebP without the byte that pads it": webp_without_padding,
    "HEIC": heic,
    "HEIC, lossy": lossy_heic,
    "HEIC, grey": grey_heic,
    **{f"AVIF of {bits} bits": lambda b=bits: avif(b) for bits in (8, 10, 12)},  # type: ignore[misc]
    **{f"AVIF of {bits} bits with alpha": lambda b=bits: avif(b, 4) for bits in (8, 10)},  # type: ignore[misc]
    "AVIF, grey": lambda: avif(8, 1),
    "AVIF, lossy": lossy_avif,
    "AVIF in Display P3 by nclx": lambda: avif_in_codes(12, 13, display_p3()[1]),
    "AVIF in BT.709's colours and PQ by nclx": lambda: avif_in_codes(1, 16, pq_as_srgb),
    "HEIC in Display P3 by nclx": lambda: heic_in_codes(12, 13, display_p3()[1]),
    "HEIC in BT.709's colours and PQ by nclx": lambda: heic_in_codes(1, 16, pq_as_srgb),
    "1 x 1": lambda: png_of(1, 1),
    "1 x 20000": lambda: png_of(1, 20_000),
    "20000 x 1": lambda: png_of(20_000, 1),
    LARGE: fifty_megapixels,
}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.large) if name == LARGE else name for name in CASES],
)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


def test_the_header_tells_the_upright_size(case: Case) -> None:
    info = inspect(case.content)
    assert (info.height, info.width) == case.rgb.shape[:2]


def test_the_pixels_are_those_of_the_file(case: Case) -> None:
    photo = decode(case.content)
    assert photo.rgb.shape == case.rgb.shape
    assert_alike(photo.rgb, case.rgb, case.tolerance)
    assert photo.icc_profile == case.profile
    if case.alpha is None:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, case.alpha)


def test_the_model_sees_it_upright_in_srgb_and_on_white(case: Case) -> None:
    copy = inference_copy(case.content)
    image = opened(copy.content)
    height, width, _ = case.rgb.shape
    scale = min(1, INFERENCE_SHORT_EDGE / min(width, height), INFERENCE_LONG_EDGE / max(width, height))
    expected_size = max(1, round(width * scale)), max(1, round(height * scale))
    assert image.mode == "RGB"
    assert image.size == (copy.width, copy.height) == expected_size
    seen = case.rgb if case.srgb is None else case.srgb
    if case.alpha is not None:
        opacity = case.alpha[:, :, np.newaxis] / 255
        seen = np.rint(seen * opacity + 255 * (1 - opacity)).astype(np.uint8)
    if expected_size != (width, height):
        seen = cv2.resize(seen, expected_size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert difference(np.asarray(image), seen).mean() < 5


def test_the_cut_out_has_the_photos_own_colours_where_it_is_opaque(case: Case) -> None:
    copy = inference_copy(case.content)
    answer = encode_matte(half(copy.width, copy.height))
    cutout = compose(decode(case.content), read_matte(answer, width=copy.width, height=copy.height), Refinement())

    file = encode(cutout, "png", None)

    read = read_by_opencv(file, cv2.IMREAD_UNCHANGED)
    rgb, alpha = read[:, :, 2::-1], read[:, :, 3]
    opaque = alpha == 255
    assert rgb.shape == case.rgb.shape
    assert opaque.any() or (case.alpha is not None and not (case.alpha == 255).any())
    assert_alike(rgb[opaque], case.rgb[opaque], case.tolerance)
    assert not rgb[alpha == 0].any()
    assert Image.open(BytesIO(file)).info.get("icc_profile") == case.profile


@pytest.mark.parametrize("space", [display_p3, adobe_rgb])
def test_a_profile_made_here_means_what_its_name_says(
    space: Callable[[], ColourSpace],
) -> None:
    """The formula beside it, and LittleCMS reading the profile, come to the same colours."""
    profile, to_srgb = space()
    expected = np.clip(to_srgb(patches() / 255), 0, 1) * 255
    assert difference(seen_by_littlecms(patches(), profile), expected).max() <= 3


def half(width: int, height: int) -> Pixels:
    """A matte that is full in the middle and empty at the ends of the long side."""
    y, x = np.mgrid[0:height, 0:width]
    place = (x + 0.5) / width if width >= height else (y + 0.5) / height
    return np.asarray(np.clip(2.5 - 5 * abs(place - 0.5), 0, 1) * 255, np.uint8)


def assert_alike(found: Pixels, expected: Pixels, tolerance: int) -> None:
    assert np.array_equal(found, expected) or (tolerance and difference(found, expected).max() <= tolerance)
