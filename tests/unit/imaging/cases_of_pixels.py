"""Golden cases by what the pixels of a file are: how they are turned, which colours they mean, how they are stored."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from tests.unit.imaging.golden_case import (
    COLOURS,
    INDICES,
    Case,
    Pixels,
    in_other_words,
    patches,
    seen_by_opencv,
    three,
)
from tests.unit.imaging.images import (
    EXACTLY,
    ColourSpace,
    ToSrgb,
    cmyk_profile,
    exif_turning,
    file_of,
    gradient,
    grey_profile,
    png_chunk,
    png_file,
    srgb_curve,
    with_icc,
)

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
