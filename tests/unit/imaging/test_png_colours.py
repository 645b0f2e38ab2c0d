"""How a PNG's chunks say that its colours are to be read, and which of them counts: as in browsers."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from imaging.cutout import Cutout, encode
from imaging.photo import decode, inference_copy
from imaging.profiles import Primaries, cicp_profile, gamma_profile
from tests.unit.imaging.images import (
    ADOBE_CHRM,
    SRGB_CHRM,
    chrm,
    cicp,
    display_p3,
    gama,
    grey_profile,
    png_chunk,
    png_file,
    seen_by_the_model,
    srgb_profile,
    with_icc,
)

P3 = display_p3()[0]
CICP_P3, ICC_P3, SRGB, LINEAR = cicp(12, 13), with_icc(P3), png_chunk(b"sRGB", b"\0"), gama(100_000)
PLTE = png_chunk(b"PLTE", bytes(range(48)))


def profile_of(*chunks: bytes, after: tuple[bytes, ...] = (), colour_type: int = 2) -> bytes | None:
    rows = bytes(16 * (3 if colour_type == 2 else 1))
    return decode(png_file((4, 4), 8, colour_type, rows, *chunks, after=after)).icc_profile


def damaged(chunk: bytes) -> bytes:
    return chunk[:-1] + bytes([chunk[-1] ^ 1])


# ---- which one counts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "profile"),
    [
        ([CICP_P3, with_icc(srgb_profile()), SRGB, LINEAR], cicp_profile(12, 13)),
        ([SRGB, LINEAR, with_icc(srgb_profile()), CICP_P3], cicp_profile(12, 13)),
        ([cicp(1, 13), ICC_P3, LINEAR], None),
        ([ICC_P3, SRGB, LINEAR, ADOBE_CHRM], P3),
        ([SRGB, LINEAR, ADOBE_CHRM], None),
        ([LINEAR], gamma_profile(1, None)),
        ([LINEAR, gama(45_455)], gamma_profile(1, None)),
    ],
    ids=["cICP", "cICP, last", "cICP of sRGB", "iCCP", "sRGB", "gAMA", "the first of two"],
)
def test_the_chunk_of_the_highest_rank_counts(chunks: list[bytes], profile: bytes | None) -> None:
    assert profile_of(*chunks) == profile


@pytest.mark.parametrize(
    "chunk",
    [
        *(cicp(2, 2), cicp(12, 13, matrix=1), cicp(12, 13, full_range=0), cicp(12, 11), cicp(250, 13)),
        *(damaged(CICP_P3), png_chunk(b"cICP", b"\x0c\x0d\0"), png_chunk(b"cICP", b"\x0c\x0d\0\1\0")),
        *(damaged(ICC_P3), with_icc(b"no profile"), with_icc(grey_profile(1.8))),
        *(png_chunk(b"iCCP", b"no end" * 20), png_chunk(b"iCCP", b"packed otherwise\0\7"), png_chunk(b"iCCP", b"")),
        *(damaged(SRGB), png_chunk(b"sRGB", b"")),
    ],
)
def test_what_makes_no_sense_is_passed_over(chunk: bytes) -> None:
    assert profile_of(chunk, LINEAR) == profile_of(LINEAR) != None  # noqa: E711  # of all three


@pytest.mark.parametrize(
    "chunk",
    [
        *(gama(0), gama(1), gama(2**31), gama(2**32 - 1), damaged(LINEAR)),
        *(png_chunk(b"gAMA", b""), png_chunk(b"gAMA", b"\1\x86\xa0"), png_chunk(b"gAMA", b"\0\1\x86\xa0\0")),
        *(ADOBE_CHRM, PLTE + LINEAR, PLTE + CICP_P3, PLTE + ICC_P3),
    ],
)
def test_a_gamma_that_makes_no_sense_leaves_the_colours_alone(chunk: bytes) -> None:
    assert profile_of(chunk) is None


@pytest.mark.parametrize("chunk", [LINEAR, CICP_P3, ICC_P3, SRGB + LINEAR, damaged(LINEAR), png_chunk(b"gAMA", b"")])
def test_colours_behind_the_pixels_are_passed_over(chunk: bytes) -> None:
    assert profile_of(after=(chunk,)) is None


@pytest.mark.parametrize(
    "chunk", [damaged(ADOBE_CHRM), png_chunk(b"cHRM", bytes(31)), png_chunk(b"cHRM", bytes(33)), b""]
)
def test_a_gamma_without_sound_primaries_is_of_srgbs(chunk: bytes) -> None:
    assert profile_of(chunk, LINEAR) == gamma_profile(1, None)


@pytest.mark.parametrize(
    "points",
    [
        [0] * 8,
        [40_000] * 8,
        [0.3127, 0.329, 0.64, 0.33, 0.64, 0.33, 0.64, 0.33],
        [0.3127, 0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06],
    ],
)
def test_impossible_primaries_leave_the_colours_alone(points: list[float]) -> None:
    assert profile_of(LINEAR, chrm(*points)) is None


@pytest.mark.parametrize("value", [45_455, 45_000, 44_000, 47_000])
@pytest.mark.parametrize(
    "primaries", [b"", SRGB_CHRM, chrm(0.31271, 0.32902, 0.6400, 0.3300, 0.3000, 0.6000, 0.15, 0.06)]
)
def test_srgbs_own_values_need_no_profile(value: int, primaries: bytes) -> None:
    assert profile_of(gama(value), primaries) is None


@pytest.mark.parametrize("chunks", [[gama(55_556)], [gama(45_455), ADOBE_CHRM], [gama(40_000), SRGB_CHRM]])
def test_other_values_make_a_profile(chunks: list[bytes]) -> None:
    assert profile_of(*chunks) is not None


# ---- every way to the colours --------------------------------------------------------------------


@pytest.mark.parametrize("colour_type", [0, 2, 3])
def test_grey_and_palettes_have_colours_too(colour_type: int) -> None:
    chunks = [LINEAR, PLTE] if colour_type == 3 else [LINEAR]
    assert profile_of(*chunks, colour_type=colour_type) == gamma_profile(1, None)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_model_sees_a_grey_png_in_the_light_that_it_means(bits: int) -> None:
    half = b"\x80" * 64 * (bits // 8)
    assert abs(seen_by_the_model(png_file((8, 8), bits, 0, half, LINEAR)) - 188).max() <= 1  # half the light of white


def test_a_grey_png_keeps_its_grey_profile_over_its_gamma() -> None:
    content = png_file((8, 8), 8, 0, b"\x80" * 64, with_icc(grey_profile(1.0)), gama(20_000))
    assert decode(content).icc_profile is None  # converted
    assert abs(decode(content).rgb.astype(int) - 188).max() <= 2


@pytest.mark.parametrize("output_format", ["png", "webp", "jpeg"])
def test_the_colours_come_out_in_every_format(output_format: str) -> None:
    photo = decode(png_file((8, 8), 8, 2, bytes([200, 40, 90] * 64), CICP_P3))
    rgba = np.dstack([photo.rgb, np.full((8, 8), 255, np.uint8)])
    background = (255, 255, 255) if output_format == "jpeg" else None
    file = encode(Cutout(rgba, photo.icc_profile), output_format, background, lossless=True)  # type: ignore[arg-type]
    assert Image.open(BytesIO(file)).info["icc_profile"] == cicp_profile(12, 13)


def test_the_model_sees_srgb_whatever_the_chunks_say() -> None:
    copy = Image.open(BytesIO(inference_copy(png_file((8, 8), 8, 2, bytes(192), LINEAR)).content))
    assert "icc_profile" not in copy.info
    assert "gamma" not in copy.info


# ---- the profiles --------------------------------------------------------------------------------


@pytest.mark.parametrize("primaries", [1, 4, 5, 6, 7, 8, 9, 11, 12, 22])
@pytest.mark.parametrize("transfer", [1, 4, 5, 6, 8, 13, 14, 15, 16, 17, 18])
def test_white_is_white_and_black_is_black_in_every_profile(primaries: int, transfer: int) -> None:
    profile = cicp_profile(primaries, transfer)
    assert profile is not None
    if profile:  # of sRGB there is none
        source, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        ends = Image.fromarray(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8))
        converted = np.asarray(ImageCms.profileToProfile(ends, source, srgb, outputMode="RGB")).astype(int)
        assert abs(converted - np.asarray(ends)).max() <= 1


def test_the_profile_of_adobes_primaries_has_adobes_colorants() -> None:
    adobe = Primaries((0.3127, 0.3290), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
    profile = ImageCms.ImageCmsProfile(BytesIO(gamma_profile(2.2, adobe) or b"")).profile
    # https://www.adobe.com/digitalimag/pdfs/AdobeRGB1998.pdf, 4.3.5.1
    colorants = [
        (profile.red_colorant or [0])[0],
        (profile.green_colorant or [0])[0],
        (profile.blue_colorant or [0])[0],
    ]
    expected = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
    assert np.allclose(colorants, expected, atol=0.0005)
    assert profile.profile_description
