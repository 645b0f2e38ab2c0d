"""Every kind of file that is taken, from header to cut-out: a golden case for each.

What is expected comes from arrays that the file was made of, from the formulas of the standards, or from OpenCV.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from background_remover.domain.tiers import Refinement
from imaging.cutout import compose, encode
from imaging.matte import encode_matte, read_matte
from imaging.photo import INFERENCE_LONG_EDGE, INFERENCE_SHORT_EDGE, decode, inference_copy, inspect
from tests.unit.imaging.images import (
    ADOBE_CHRM,
    EXACTLY,
    ColourSpace,
    ToSrgb,
    adobe_rgb,
    cicp,
    cmyk_profile,
    display_p3,
    exif_turning,
    file_of,
    gama,
    gradient,
    grey_profile,
    hlg_as_srgb,
    opened,
    padded_webp,
    png_chunk,
    png_file,
    pq_as_srgb,
    srgb_curve,
    with_icc,
)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """`rgb` and `alpha` are what the file holds, upright; `srgb` is how that looks where it is not sRGB already."""

    content: bytes
    rgb: Pixels
    alpha: Pixels | None = None
    profile: bytes | None = None
    srgb: Pixels | None = None
    tolerance: int = 0


# ---- orientations --------------------------------------------------------------------------------

UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {  # what EXIF says has to be done to the pixels
    1: lambda lying: lying,
    2: lambda lying: lying[:, ::-1],
    3: lambda lying: lying[::-1, ::-1],
    4: lambda lying: lying[::-1],
    5: lambda lying: lying.swapaxes(0, 1),
    6: lambda lying: np.rot90(lying, -1),
    7: lambda lying: np.rot90(lying, 2).swapaxes(0, 1),
    8: lambda lying: np.rot90(lying),
}


def turned(file_format: str, orientation: int) -> Case:
    options = {"exif": exif_turning(orientation), **EXACTLY.get(file_format, {})}
    content = file_of(Image.fromarray(gradient()), file_format, **options)
    lying = seen_by_opencv(content, turn=False) if file_format in ("JPEG", "AVIF") else gradient()
    return Case(content, UPRIGHT[orientation](lying))


# ---- colour spaces -------------------------------------------------------------------------------


def in_profile(file_format: str, space: Callable[[], ColourSpace]) -> Case:
    """The colours stay as they are and the profile goes with them; the model sees them in sRGB."""
    profile, to_srgb = space()
    options = EXACTLY.get(file_format, {"quality": 100, "subsampling": 0} if file_format == "JPEG" else {})
    content = file_of(Image.fromarray(patches()), file_format, icc_profile=profile, **options)
    rgb = seen_by_opencv(content) if file_format in ("JPEG", "AVIF") else patches()
    srgb = np.rint(np.clip(to_srgb(rgb / 255), 0, 1) * 255).astype(np.uint8)
    assert abs(srgb.astype(int) - rgb).max() > 20  # or nobody would notice that the profile is left out
    return Case(content, rgb, profile=profile, srgb=srgb)


def in_grey_profile() -> Case:
    """A grey profile cannot go with an RGB cut-out: the shades are converted."""
    shades = np.arange(256, dtype=np.uint8).reshape(16, 16)
    content = png_file((16, 16), 8, 0, shades.tobytes(), with_icc(grey_profile(gamma=1.8)))
    srgb = np.rint(srgb_curve((shades / 255) ** 1.8) * 255).astype(np.uint8)
    return Case(content, np.dstack([srgb] * 3), tolerance=2)


def in_chunks(chunks: list[bytes], to_srgb: ToSrgb, *, grey: bool = False) -> Case:
    """A PNG that says by other chunks than a profile how its colours are to be read."""
    rgb = three(patches()[:, :, 0]) if grey else patches()
    rows = rgb[:, :, 0].tobytes() if grey else rgb.tobytes()
    return in_other_words(png_file((rgb.shape[1], rgb.shape[0]), 8, 0 if grey else 2, rows, *chunks), rgb, to_srgb)


def in_other_words(content: bytes, rgb: Pixels, to_srgb: ToSrgb) -> Case:
    """A profile is made of what the file says, and LittleCMS reads the same in it as the formula says."""
    srgb = np.rint(np.clip(to_srgb(rgb / 255), 0, 1) * 255).astype(np.uint8)
    profile = decode(content).icc_profile
    assert profile is not None
    assert difference(seen_by_littlecms(rgb, profile), srgb).max() <= 3
    return Case(content, rgb, profile=profile, srgb=srgb)


def cmyk(content: bytes, ink: Pixels) -> Case:
    """What a printer's inks leave of white; a JPEG blurs it a little."""
    left = 1 - ink / 255
    rgb = np.rint(left[:, :, :3] * left[:, :, 3:] * 255).astype(np.uint8)
    return Case(content, rgb, tolerance=6)


def inks() -> Pixels:
    """A different mixture in each of 4 x 4 squares of 16 pixels."""
    mixtures = np.random.default_rng(5).integers(0, 256, (4, 4, 4), dtype=np.uint8)
    return mixtures.repeat(16, axis=0).repeat(16, axis=1)


def cmyk_jpeg(samples: Pixels) -> bytes:
    return file_of(Image.fromarray(samples, "CMYK"), "JPEG", quality=100, subsampling=0)


def adobe_cmyk() -> Case:
    """Inverted, as Adobe's programs write it: 255 is no ink."""
    content = cmyk_jpeg(inks())
    assert b"Adobe" in content
    return cmyk(content, inks())


def adobe_ycck() -> Case:
    """The inks as if they were red, green and blue, as luminance and two differences; only black is inverted."""
    ycc = cv2.cvtColor(np.ascontiguousarray(inks()[:, :, :3]), cv2.COLOR_RGB2YCrCb)[:, :, [0, 2, 1]]
    content = cmyk_jpeg(np.dstack([255 - ycc, inks()[:, :, 3]]))  # Pillow inverts all four
    transform = content.index(b"Adobe") + 11
    return cmyk(content[:transform] + b"\2" + content[transform + 1 :], inks())


def cmyk_without_marker() -> Case:
    """Taken for inverted, as browsers do."""
    content = cmyk_jpeg(inks())
    marker = content.index(b"\xff\xee")
    return cmyk(content[:marker] + content[marker + 16 :], inks())


def cmyk_with_profile() -> Case:
    content = file_of(
        Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", quality=100, icc_profile=cmyk_profile(cyan=(128, 128, 128))
    )
    return Case(content, np.full((8, 8, 3), 119, np.uint8), tolerance=3)  # L* = 50 is 119 in sRGB


# ---- pixel formats -------------------------------------------------------------------------------


def grey(bits: int) -> Case:
    """16 bits keep their upper byte, fewer are spread over the whole range."""
    width = 64
    values = np.arange(width * 16, dtype=np.uint16).reshape(16, width) * 64
    if bits == 16:
        return Case(png_file((width, 16), 16, 0, values.astype(">u2").tobytes()), three(values >> 8))
    shades = (values >> 16 - bits).astype(np.uint8)
    packed = np.packbits(np.unpackbits(shades[:, :, np.newaxis], axis=2)[:, :, 8 - bits :].reshape(16, -1), axis=1)
    return Case(png_file((width, 16), bits, 0, packed.tobytes()), three(shades * (255 // (2**bits - 1))))


def grey_with_alpha(bits: int) -> Case:
    samples = np.random.default_rng(bits).integers(0, 2**bits, (8, 8, 2), dtype=np.uint16)
    content = png_file((8, 8), bits, 4, samples.astype(f">u{bits // 8}").tobytes())
    top = (samples >> bits - 8).astype(np.uint8)
    return Case(content, three(top[:, :, 0]), top[:, :, 1])


def rgb_of_16_bits(alpha: bool = False) -> Case:
    samples = np.random.default_rng(16).integers(0, 2**16, (8, 8, 4 if alpha else 3), dtype=np.uint16)
    content = png_file((8, 8), 16, 6 if alpha else 2, samples.astype(">u2").tobytes())
    top = (samples >> 8).astype(np.uint8)
    return Case(content, top[:, :, :3], top[:, :, 3] if alpha else None)


def rgba(file_format: str) -> Case:
    alpha = np.tile(np.minimum(np.arange(64) * 9, 255).astype(np.uint8), (48, 1))
    content = file_of(Image.fromarray(np.dstack([gradient(), alpha])), file_format, **EXACTLY.get(file_format, {}))
    return Case(content, gradient(), alpha)


COLOURS = np.random.default_rng(2).integers(0, 256, (16, 3), dtype=np.uint8)
INDICES = np.arange(16, dtype=np.uint8).reshape(4, 4)


def palette(transparency: bytes = b"") -> Case:
    chunks = [png_chunk(b"PLTE", COLOURS.tobytes())] + [png_chunk(b"tRNS", transparency)] * bool(transparency)
    alpha = np.frombuffer(transparency.ljust(16, b"\xff"), np.uint8)[INDICES] if transparency else None
    return Case(png_file((4, 4), 8, 3, INDICES.tobytes(), *chunks), COLOURS[INDICES], alpha)


def transparent_colour(colour_type: int) -> Case:
    """One shade or colour of the image is transparent."""
    channels = 3 if colour_type == 2 else 1
    samples = np.arange(4 * channels, dtype=np.uint8).reshape(2, 2, channels)
    chosen = png_chunk(b"tRNS", samples[1, 0].astype(">u2").tobytes())
    content = png_file((2, 2), 8, colour_type, samples.tobytes(), chosen)
    rgb = samples if channels == 3 else three(samples[:, :, 0])
    return Case(content, rgb, np.array([[255, 255], [0, 255]], np.uint8))


# ---- GIF and animations --------------------------------------------------------------------------


def gif(**options: Any) -> Case:
    image = Image.fromarray(INDICES.repeat(8, axis=0).repeat(8, axis=1), "P")
    image.putpalette(COLOURS.tobytes())
    content = file_of(image, "GIF", **options)
    indices = np.asarray(image)
    transparent = options.get("transparency")
    alpha = None if transparent is None else np.where(indices == transparent, 0, 255).astype(np.uint8)
    return Case(content, COLOURS[indices], alpha)


def grey_gif() -> Case:
    shades = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return Case(file_of(Image.fromarray(shades), "GIF"), three(shades))


def gif_on_a_larger_screen() -> Case:
    """Where the first frame leaves the screen free it is transparent."""
    small = gif(transparency=3)
    assert small.alpha is not None
    content = small.content[:6] + bytes([40, 0, 36, 0]) + small.content[10:]
    rgb = np.full((36, 40, 3), COLOURS[3])
    alpha = np.zeros((36, 40), np.uint8)
    rgb[:32, :32], alpha[:32, :32] = small.rgb, small.alpha
    return Case(content, rgb, alpha)


def first_frame(file_format: str) -> Case:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((200, 30, 60), (0, 255, 0))]
    options = {"lossless": True} if file_format == "WEBP" else {}
    content = file_of(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100, **options)
    assert getattr(opened(content), "n_frames", 1) == 2
    return Case(content, np.full((16, 16, 3), (200, 30, 60), np.uint8))


# ---- coding --------------------------------------------------------------------------------------


def jpeg(width: int = 200, height: int = 150, **options: Any) -> Case:
    content = file_of(Image.fromarray(gradient(width, height)), "JPEG", **options)
    return Case(content, seen_by_opencv(content))


def jpeg_of_4_1_1() -> Case:
    """Colours at a quarter of the width, which Pillow does not write."""
    sampling = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411]
    content = cv2.imencode(".jpg", gradient(200, 150)[:, :, ::-1], sampling)[1].tobytes()
    assert opened(content).layer[0][1:3] == (4, 1)  # type: ignore[attr-defined]  # of JPEGs only
    return Case(content, seen_by_opencv(content))


def jpeg_without_end(width: int = 200, height: int = 150, **options: Any) -> Case:
    whole = jpeg(width, height, **options)
    assert whole.content.endswith(b"\xff\xd9")
    return Case(whole.content[:-2], whole.rgb)


def webp_without_padding() -> Case:
    whole = padded_webp()
    return Case(whole[:-1], seen_by_opencv(whole))


def grey_jpeg() -> Case:
    content = file_of(Image.fromarray(gradient()[:, :, 0]), "JPEG")
    return Case(content, seen_by_opencv(content))


def lossy_webp() -> Case:
    content = file_of(Image.fromarray(gradient()), "WEBP", quality=80)
    return Case(content, seen_by_opencv(content))


def heic(**options: Any) -> Case:
    return Case(file_of(Image.fromarray(gradient()), "HEIF", **EXACTLY["HEIF"], **options), gradient())


def lossy_heic() -> Case:
    """As telephones make them: 4:2:0 in BT.601 or BT.709."""
    smooth = cv2.GaussianBlur(gradient(), (0, 0), 4).astype(np.uint8)
    return Case(file_of(Image.fromarray(smooth), "HEIF", quality=90), smooth, tolerance=6)


def heic_in_codes(primaries: int, transfer: int, to_srgb: ToSrgb) -> Case:
    """One that says by its box `nclx` how its colours are to be read, as Android's do."""
    codes = {"color_primaries": primaries, "transfer_characteristics": transfer, "save_nclx_profile": True}
    content = file_of(Image.fromarray(patches()), "HEIF", **EXACTLY["HEIF"], **codes)
    assert b"nclx" + struct.pack(">HH", primaries, transfer) in content
    return in_other_words(content, patches(), to_srgb)


def grey_heic() -> Case:
    content = file_of(Image.fromarray(gradient()[:, :, 1]), "HEIF", quality=-1)
    return Case(content, three(gradient()[:, :, 1]))


def avif(bits: int = 8, channels: int = 3) -> Case:
    """Exactly, which Pillow does not write. More than 8 bits keep their upper ones."""
    alpha = np.tile(np.minimum(np.arange(64) * 9, 255).astype(np.uint8), (48, 1))
    top = {1: gradient()[:, :, 1], 3: gradient()[:, :, ::-1], 4: np.dstack([gradient()[:, :, ::-1], alpha])}[channels]
    samples = top if bits == 8 else np.rint(top * ((2**bits - 1) / 255)).astype(np.uint16)
    options = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_SPEED, 10]
    content = cv2.imencode(".avif", samples, options)[1].tobytes()
    rgb = three(top) if channels == 1 else gradient()
    return Case(content, rgb, alpha if channels == 4 else None)


def lossy_avif() -> Case:
    """As web sites have them, 4:2:0."""
    smooth = cv2.GaussianBlur(gradient(), (0, 0), 4).astype(np.uint8)
    return Case(file_of(Image.fromarray(smooth), "AVIF", quality=80), smooth, tolerance=6)


def avif_in_codes(primaries: int, transfer: int, to_srgb: ToSrgb) -> Case:
    content = file_of(Image.fromarray(patches()), "AVIF", **EXACTLY["AVIF"])
    codes = content.index(b"colrnclx") + 8
    content = content[:codes] + struct.pack(">HH", primaries, transfer) + content[codes + 4 :]
    return in_other_words(content, seen_by_opencv(content), to_srgb)


# ---- sizes ---------------------------------------------------------------------------------------


def png_of(width: int, height: int) -> Case:
    return Case(file_of(Image.fromarray(gradient(width, height)), "PNG"), gradient(width, height))


def fifty_megapixels() -> Case:
    content = file_of(Image.fromarray(np.tile(gradient(500, 500), (10, 20, 1))), "JPEG")
    return Case(content, seen_by_opencv(content))


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


def patches() -> Pixels:
    """A different colour in each of 6 x 8 squares of 8 pixels; none so pure that sRGB would lack it."""
    colours = np.random.default_rng(9).integers(70, 190, (6, 8, 3), dtype=np.uint8)
    return colours.repeat(8, axis=0).repeat(8, axis=1)


def three(shades: NDArray[Any]) -> Pixels:
    return np.dstack([shades.astype(np.uint8)] * 3)


def half(width: int, height: int) -> Pixels:
    """A matte that is full in the middle and empty at the ends of the long side."""
    y, x = np.mgrid[0:height, 0:width]
    place = (x + 0.5) / width if width >= height else (y + 0.5) / height
    return np.asarray(np.clip(2.5 - 5 * abs(place - 0.5), 0, 1) * 255, np.uint8)


def seen_by_littlecms(rgb: Pixels, profile: bytes) -> Pixels:
    source, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(Image.fromarray(rgb), source, srgb, outputMode="RGB"))


def seen_by_opencv(content: bytes, *, turn: bool = True) -> Pixels:
    flags = cv2.IMREAD_COLOR if turn else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    return read_by_opencv(content, flags)[:, :, ::-1]


def read_by_opencv(content: bytes, flags: int) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    assert pixels is not None
    return pixels.astype(np.uint8, copy=False)


def assert_alike(found: Pixels, expected: Pixels, tolerance: int) -> None:
    assert np.array_equal(found, expected) or (tolerance and difference(found, expected).max() <= tolerance)


def difference(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(abs(one.astype(np.int16) - other))
