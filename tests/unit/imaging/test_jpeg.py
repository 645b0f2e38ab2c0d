"""Of JPEGs without their end marker those are taken that lack nothing else, by both readers alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from background_remover.domain.image_errors import CorruptImageError, DecompressionBombError
from imaging.photo import decode, inference_copy
from tests.unit.imaging.images import file_of, gradient

WAYS: list[dict[str, object]] = [
    {},
    {"subsampling": "4:4:4", "quality": 100},
    {"optimize": True},
    {"progressive": True},
    {"restart_marker_blocks": 3},
    {"restart_marker_rows": 1, "progressive": True},
]
PHOTOS = [file_of(Image.fromarray(gradient(50, 40)), "JPEG", **way) for way in WAYS]
GREY = [file_of(Image.fromarray(gradient(50, 40)[:, :, 0]), "JPEG", **way) for way in WAYS]
FLAT = [file_of(Image.new("RGB", (50, 40), colour), "JPEG", **way) for way in WAYS for colour in ("white", "navy")]


def pixels(jpeg: bytes) -> bytes | None:
    """None where both readers refuse."""
    try:
        inference_copy(jpeg)
    except CorruptImageError:
        with pytest.raises(CorruptImageError):
            decode(jpeg)
        return None
    return decode(jpeg).rgb.tobytes()


@settings(max_examples=250, deadline=None)
@given(st.data(), st.sampled_from(PHOTOS + GREY + FLAT))
def test_a_cut_jpeg_is_taken_as_the_whole_one_or_not_at_all(data: st.DataObject, whole: bytes) -> None:
    missing = data.draw(st.one_of(st.integers(0, 12), st.integers(0, len(whole) - whole.index(b"\xff\xda"))))
    found = pixels(whole[: len(whole) - missing])
    if missing <= len(b"\xff\xd9"):
        assert found == pixels(whole)
    else:
        assert found in (None, pixels(whole))  # the last bytes may be of blocks beyond the edge


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from(PHOTOS + GREY))
def test_a_jpeg_that_lacks_pixels_is_refused(data: st.DataObject, whole: bytes) -> None:
    missing = data.draw(st.integers(8, len(whole) - whole.index(b"\xff\xda")))
    assert pixels(whole[:-missing]) is None


@pytest.mark.parametrize("whole", PHOTOS)
def test_a_jpeg_cut_between_its_parts_is_refused(whole: bytes) -> None:
    """At restart markers, and at what comes between the scans, no bit is missing to what was begun."""
    begin = whole.index(b"\xff\xda") + 14
    places = [place for place in range(begin, len(whole) - 2) if whole[place] == 0xFF and whole[place + 1] != 0]
    assert [place for place in places for end in (place, place + 1, place + 2) if pixels(whole[:end]) is not None] == []


@pytest.mark.large
@pytest.mark.parametrize("whole", PHOTOS)
@pytest.mark.parametrize("filling", [b"\0", b"\xff", b" "])
def test_a_broken_off_jpeg_that_was_filled_up_is_refused(whole: bytes, filling: bytes) -> None:
    assert pixels(whole[:-20] + filling * 5000) is None
    assert pixels(whole[:-2] + filling * 5000) == pixels(whole)


@pytest.mark.parametrize("whole", PHOTOS)
def test_what_follows_the_end_marker_does_not_matter(whole: bytes) -> None:
    assert pixels(whole + b"\xff\xda and more") == pixels(whole)


def test_a_jpeg_without_its_end_marker_is_decoded_several_times_and_so_may_have_fewer_scans() -> None:
    jpeg = file_of(Image.fromarray(np.zeros((3000, 4000), np.uint8)), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    jpeg = jpeg[:-2] + jpeg[last:-2] * 60
    decode(jpeg + b"\xff\xd9")
    with pytest.raises(DecompressionBombError, match="scans"):
        decode(jpeg)
