"""Golden cases by how a file is coded: which frames it has, how it is compressed, how large it is."""

import struct
from typing import Any

import cv2
import numpy as np
from PIL import Image

from tests.unit.imaging.golden_case import (
    COLOURS,
    INDICES,
    Case,
    in_other_words,
    patches,
    seen_by_opencv,
    three,
)
from tests.unit.imaging.images import (
    EXACTLY,
    ToSrgb,
    file_of,
    gradient,
    opened,
    padded_webp,
)


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


def png_of(width: int, height: int) -> Case:
    return Case(file_of(Image.fromarray(gradient(width, height)), "PNG"), gradient(width, height))


def fifty_megapixels() -> Case:
    content = file_of(Image.fromarray(np.tile(gradient(500, 500), (10, 20, 1))), "JPEG")
    return Case(content, seen_by_opencv(content))
