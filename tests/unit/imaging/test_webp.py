"""What our own writer of WebP makes is read by libwebp, in Pillow and in OpenCV."""

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from imaging.png import write_png
from imaging.webp import write_lossless_webp, write_lossy_webp
from tests.unit.imaging.images import display_p3, gradient

Pixels = NDArray[np.uint8]
NOISE = np.random.default_rng(6)


def write_lossy(rgba: Pixels, icc_profile: bytes | None = None) -> bytes:
    return write_lossy_webp(rgba, 90, icc_profile)


every_writer = pytest.mark.parametrize("write", [write_lossless_webp, write_lossy])
Writer = Callable[..., bytes]

MATTES: dict[str, Callable[[int, int], NDArray[np.generic]]] = {
    "hidden": lambda height, width: np.zeros((height, width)),
    "opaque": lambda height, width: np.full((height, width), 255),
    "noise": lambda height, width: NOISE.integers(0, 256, (height, width)),
    "a soft edge": lambda height, width: np.tile(np.linspace(0, 255, width), (height, 1)),
    "a hard edge": lambda height, width: np.tile(np.arange(width) > width / 2, (height, 1)) * 255,
    "specks in half": lambda height, width: np.where(NOISE.random((height, width)) < 0.01, 9, 128),
}
SIZES = [(1, 1), (1, 2), (16, 1), (17, 9), (48, 64), (33, 1000), (1, 16_383), (16_383, 1)]


def cut_out(alpha: NDArray[np.generic], seed: int = 1) -> Pixels:
    """Noise, zeroed where it is hidden."""
    colours = np.random.default_rng(seed).integers(0, 256, (*alpha.shape, 3), dtype=np.uint8)
    rgba = np.dstack([colours, alpha.astype(np.uint8)])
    rgba[rgba[:, :, 3] == 0] = 0
    return rgba


def read_back(content: bytes) -> Pixels:
    return np.asarray(Image.open(BytesIO(content)).convert("RGBA"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("matte", MATTES)
def test_what_is_lossless_comes_back_exactly(size: tuple[int, int], matte: str) -> None:
    rgba = cut_out(MATTES[matte](*size))
    assert np.array_equal(read_back(write_lossless_webp(rgba)), rgba)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("matte", MATTES)
def test_what_is_lossy_has_exact_alpha_all_the_same(size: tuple[int, int], matte: str) -> None:
    rgba = cut_out(MATTES[matte](*size))
    assert np.array_equal(read_back(write_lossy(rgba))[:, :, 3], rgba[:, :, 3])


shapes = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(4))


@settings(max_examples=200, deadline=None)
@given(shapes.flatmap(lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 7, 128, 255]))))
def test_any_pixels_come_back_exactly(rgba: Pixels) -> None:
    read = read_back(write_lossless_webp(rgba))
    assert np.array_equal(read, rgba)


@every_writer
def test_symbols_of_very_different_frequency_get_codes_that_are_short_enough(write: Writer) -> None:
    """Huffman's code for counts like Fibonacci's has one bit more for each symbol, and 15 are the most."""
    counts = [1, 1]
    while len(counts) < 19:
        counts.append(counts[-1] + counts[-2])
    ordered = np.repeat(np.arange(19, dtype=np.uint8)[::-1] * 7 + 1, counts[::-1])
    values = np.empty_like(ordered)  # of which no two neighbours are the same, or they would be coded as a run
    values[::2], values[1::2] = np.array_split(ordered, 2)
    assert (values[1:] != values[:-1]).all()
    # In the first row each sample is coded as its difference from the one before.
    rgba = np.full((1, len(values), 4), values.cumsum(dtype=np.uint8)[np.newaxis, :, np.newaxis])
    assert np.array_equal(read_back(write(rgba))[:, :, 3], rgba[:, :, 3])


@every_writer
@pytest.mark.parametrize("width", [4096, 4097, 4098, 4099, 8194, 16_383])
def test_a_run_of_pixels_may_be_longer_than_a_copy_can_be(write: Writer, width: int) -> None:
    rgba = np.full((1, width, 4), 200, np.uint8)
    assert np.array_equal(read_back(write(rgba))[:, :, 3], rgba[:, :, 3])


def test_lossy_colours_are_near() -> None:
    rgba = np.dstack([gradient(400, 300), np.full((300, 400), 255, np.uint8)])
    assert abs(read_back(write_lossy(rgba)).astype(int) - rgba).mean() < 8


def test_hidden_black_does_not_bleed_into_the_edge() -> None:
    rgba = np.full((64, 64, 4), (250, 120, 60, 255), np.uint8)
    rgba[:, 33:] = 0
    visible = read_back(write_lossy(rgba))[:, :33, :3].astype(int)
    assert abs(visible - (250, 120, 60)).max() < 8


@pytest.mark.parametrize("size", [*SIZES[:-2], (64, 64)])
@pytest.mark.parametrize("matte", MATTES)
def test_what_is_hidden_is_coded_as_the_mean_of_what_shows_in_its_block(
    size: tuple[int, int], matte: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rgba = cut_out(MATTES[matte](*size))
    rgba[:16, :16][::8, ::8] = 200  # among them blocks of which a single pixel shows
    coded = []

    def save(image: Image.Image, *_args: object, **_options: object) -> None:
        coded.append(np.asarray(image)[:, :, :3])
        raise InterruptedError

    monkeypatch.setattr(Image.Image, "save", save)
    before = rgba.copy()
    with pytest.raises(InterruptedError):
        write_lossy(rgba)
    assert np.array_equal(rgba, before)
    assert np.array_equal(coded[0], filled(before))


def filled(rgba: Pixels) -> Pixels:
    """Block by block: what `write_lossy_webp` does for all of a strip at once."""
    rgba = rgba.copy()
    for top, left in np.ndindex(-(-rgba.shape[0] // 8), -(-rgba.shape[1] // 8)):
        block = rgba[top * 8 : top * 8 + 8, left * 8 : left * 8 + 8]
        hidden = block[:, :, 3] == 0
        if hidden.any() and not hidden.all():
            block[hidden, :3] = block[~hidden, :3].mean(axis=0)
    return rgba[:, :, :3]


@every_writer
def test_nothing_of_what_is_hidden_can_be_read(write: Writer) -> None:
    """Of hidden pixels a lossy file has at most a blur of what is visible beside them."""
    rgba = cut_out(MATTES["a hard edge"](64, 64))
    hidden = read_back(write(rgba))[:, :16]
    assert np.ptp(hidden, axis=(0, 1)).max() <= 1


def test_hidden_pixels_of_a_lossless_file_are_zero() -> None:
    rgba = cut_out(MATTES["a soft edge"](64, 1000))
    read = read_back(write_lossless_webp(rgba))
    hidden = read[:, :, 3] == 0
    assert hidden.any()
    assert not read[hidden].any()


@every_writer
def test_the_cut_out_is_left_as_it_was(write: Writer) -> None:
    rgba = cut_out(MATTES["a hard edge"](50, 50))
    before = rgba.copy()
    write(rgba)
    assert np.array_equal(rgba, before)


@every_writer
@pytest.mark.parametrize("part", [(slice(None), slice(None)), (slice(10, 50), slice(5, 70))], ids=["all", "a part"])
def test_a_read_only_array_is_written_as_it_looks(write: Writer, part: tuple[slice, slice]) -> None:
    whole = cut_out(MATTES["a soft edge"](60, 80))
    whole.flags.writeable = False
    assert np.array_equal(read_back(write(whole[part]))[:, :, 3], whole[part][:, :, 3])


@every_writer
def test_opencv_reads_what_pillow_reads(write: Writer) -> None:
    content = write(cut_out(MATTES["noise"](70, 50)))
    read = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    assert np.array_equal(read[:, :, [2, 1, 0, 3]], read_back(content))


@every_writer
def test_the_profile_is_embedded(write: Writer) -> None:
    profile, _ = display_p3()
    content = write(cut_out(MATTES["a soft edge"](20, 20)), profile)
    assert Image.open(BytesIO(content)).info["icc_profile"] == profile


@every_writer
def test_without_transparency_there_is_no_alpha(write: Writer) -> None:
    content = write(cut_out(MATTES["opaque"](20, 20)))
    assert Image.open(BytesIO(content)).mode == "RGB"


def test_a_lossless_file_is_smaller_than_libwebps_quickest_and_than_the_png() -> None:
    smooth = cv2.GaussianBlur(gradient(600, 400), (0, 0), 1)
    rgba = np.dstack([smooth, MATTES["a soft edge"](400, 600)]).astype(np.uint8)
    theirs = BytesIO()
    Image.fromarray(rgba).save(theirs, "WEBP", lossless=True, exact=True, quality=0, method=0)
    assert len(write_lossless_webp(rgba)) < min(len(theirs.getvalue()), len(write_png(rgba)))
