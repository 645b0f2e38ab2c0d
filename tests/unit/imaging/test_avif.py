"""How many pixels an AVIF makes a decoder decode is known before it does: libavif goes by the AV1 data alone."""

import struct

import pytest
from PIL import AvifImagePlugin, Image

from background_remover.domain.image_errors import CorruptImageError, DecompressionBombError
from imaging.avif import decoded_pixels
from imaging.boxes import boxes
from imaging.photo import decode, inference_copy, inspect
from tests.unit.imaging.images import file_of, gradient, photo_file


def pixels_of(avif: bytes) -> int:
    return decoded_pixels(avif, dict(boxes(avif))[b"meta"])


def said_to_be(avif: bytes, width: int, height: int) -> bytes:
    size = avif.index(b"ispe") + 8
    return avif[:size] + struct.pack(">II", width, height) + avif[size + 8 :]


def made_of(units: bytes, times: int = 1, ids: int = 1) -> bytes:
    """An AVIF whose pictures all have these same AV1 data, at its end."""
    infe = b"".join(struct.pack(">I4sIHH4sB", 21, b"infe", 2 << 24, item + 1, 0, b"av01", 0) for item in range(ids))
    iinf = struct.pack(">I4sIH", 14 + len(infe), b"iinf", 0, ids) + infe
    ispe = struct.pack(">I4sIII", 20, b"ispe", 0, 64, 48)
    length = 8 + 4 + 16 + 14 * ids + len(iinf) + len(ispe)
    places = b"".join(struct.pack(">HHHII", i + 1, 0, 1, 24 + length, len(units) * times) for i in range(ids))
    iloc = struct.pack(">I4sIBBH", 16 + 14 * ids, b"iloc", 0, 0x44, 0, ids) + places
    meta = struct.pack(">I4sI", length, b"meta", 0) + iloc + iinf + ispe
    return struct.pack(">I4s4sI8s", 24, b"ftyp", b"avif", 0, b"avifmif1") + meta + units * times


HEADER = b"\x0a\x05\x18\x15\x7f\xbd\x80"  # of a still of 64 x 48
FRAME = b"\x32\0"


def test_a_still_is_decoded_once() -> None:
    assert pixels_of(photo_file("AVIF")) == 64 * 48


def test_alpha_is_decoded_as_well() -> None:
    assert pixels_of(file_of(Image.new("RGBA", (64, 48), (200, 30, 60, 128)), "AVIF")) == 2 * 64 * 48


def test_frames_that_may_have_sizes_of_their_own_count_with_the_most_that_they_can_say() -> None:
    frames = [Image.fromarray(gradient(70, 50)), Image.fromarray(gradient(70, 50))]
    assert pixels_of(file_of(frames[0], "AVIF", save_all=True, append_images=frames[1:])) == 128 * 64


def test_every_frame_counts() -> None:
    assert pixels_of(made_of(HEADER + FRAME * 3)) == 3 * 64 * 48


def test_the_larger_of_two_headers_counts() -> None:
    larger = b"\x0a\x06\x18\x1d\xff\xef\xfb\xff"  # 256 x 192
    assert pixels_of(made_of(HEADER + larger + FRAME)) == pixels_of(made_of(larger + HEADER + FRAME)) == 256 * 192


@pytest.mark.parametrize("read", [inspect, inference_copy, decode])
def test_far_more_pixels_than_are_shown_are_a_bomb(read: object) -> None:
    assert callable(read)
    with pytest.raises(DecompressionBombError, match="far more"):
        read(said_to_be(file_of(Image.new("RGB", (3000, 2500)), "AVIF", speed=10), 64, 48))


def test_hundreds_of_frames_are_a_bomb() -> None:
    with pytest.raises(DecompressionBombError, match="far more"):
        inspect(made_of(HEADER + FRAME * 2000))


def test_thousands_of_parts_are_a_bomb() -> None:
    with pytest.raises(DecompressionBombError, match="parts"):
        inspect(made_of(HEADER + b"\x12\0" * 30_000))


@pytest.mark.parametrize(
    "avif",
    [
        made_of(FRAME),
        made_of(b""),
        made_of(HEADER[:5]),
        made_of(HEADER + FRAME, ids=0),
        made_of(HEADER + b"\x12\0" * 1000, ids=200),
        photo_file("AVIF").replace(b"iloc", b"free"),
        photo_file("AVIF").replace(b"iinf", b"free"),
        photo_file("AVIF").replace(b"ispe", b"free"),
    ],
)
def test_an_avif_that_does_not_plainly_say_how_large_it_is_is_corrupt(avif: bytes) -> None:
    with pytest.raises(CorruptImageError):
        inspect(avif)


@pytest.mark.parametrize("size", [(640, 480), (65, 48), (32, 16)])
def test_pixels_of_another_size_than_is_said_become_what_is_said(size: tuple[int, int]) -> None:
    assert decode(said_to_be(photo_file("AVIF", *size), 64, 48)).rgb.shape == (48, 64, 3)


def test_it_is_decoded_by_one_thread() -> None:
    inspect(photo_file("AVIF"))
    assert AvifImagePlugin.DEFAULT_MAX_THREADS == 1
