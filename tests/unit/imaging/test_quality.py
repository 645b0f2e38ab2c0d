"""What a matte says about itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from background_remover.domain.image_errors import UnknownForegroundError
from background_remover.domain.jobs import Doubt, Quality
from imaging.matte import Matte
from imaging.quality import FAINT, assess

FRAME = (300, 400)


def drawn(*boxes: tuple[int, int, int, int], alpha: int = 255) -> Matte:
    """Boxes of left, top, right and bottom in a frame of 400 x 300."""
    matte = Image.new("L", FRAME[::-1])
    for box in boxes:
        ImageDraw.Draw(matte).rectangle(box, fill=alpha)
    return np.asarray(matte)


def only(doubt: Doubt, matte: Matte) -> int:
    """The score of a matte whose only fault is this."""
    quality = assess(matte)
    assert quality.reasons == (doubt,)
    return quality.score


def test_a_subject_in_the_middle_raises_no_doubt() -> None:
    assert assess(drawn((100, 50, 300, 250))) == Quality(100)


def test_a_portrait_may_fill_the_lower_border() -> None:
    assert assess(drawn((120, 30, 280, 299), (0, 210, 399, 299))) == Quality(100)


# ---- no foreground ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (10, 10), (1024, 1536)])
@pytest.mark.parametrize("alpha", [0, FAINT - 1])
def test_a_matte_in_which_nothing_can_be_seen_has_no_foreground(size: tuple[int, int], alpha: int) -> None:
    with pytest.raises(UnknownForegroundError, match="Crop it closer"):
        assess(np.full(size, alpha, np.uint8))


def test_grains_are_no_foreground() -> None:
    matte = np.zeros((1024, 1024), np.uint8)
    matte[::200, ::100] = 255  # 66 pixels
    with pytest.raises(UnknownForegroundError):
        assess(matte)


def test_a_small_subject_is_one() -> None:
    matte = np.zeros((1024, 1024), np.uint8)
    matte[500:515, 500:515] = 255
    assert assess(matte).score == 100


@pytest.mark.parametrize("alpha", [FAINT, 90, 255])
def test_a_single_pixel_is_a_subject_where_it_can_be_seen(alpha: int) -> None:
    assert assess(np.full((1, 1), alpha, np.uint8)).score < 100


# ---- doubts ----------------------------------------------------------------------------------------------------


def test_a_photo_that_is_all_foreground_has_the_lowest_score() -> None:
    assert assess(np.full(FRAME, 255, np.uint8)) == Quality(0, (Doubt.FULL_FRAME, Doubt.TOUCHING_BORDERS))


def test_a_close_up_that_leaves_something_of_the_background_is_no_full_frame() -> None:
    assert Doubt.FULL_FRAME not in assess(drawn((0, 0, 399, 260))).reasons


def test_many_parts_are_fragments() -> None:
    grid = [(x, y, x + 15, y + 15) for x in range(20, 380, 40) for y in range(20, 280, 40)]
    assert only(Doubt.FRAGMENTS, drawn(*grid)) < 70


def test_a_group_is_no_fragments() -> None:
    assert assess(drawn(*[(x, 50, x + 25, 250) for x in range(20, 380, 40)])) == Quality(100)


def test_a_winding_subject_is_one_part() -> None:
    """A spiral: joining its pixels by numbers has to go all the way."""
    matte = np.zeros((120, 120), np.uint8)
    low, high = 4, 115
    while high - low > 6:
        matte[low, low:high] = matte[low:high, high] = matte[high, low + 4 : high + 1] = 255
        matte[low + 4 : high + 1, low + 4] = matte[low + 4, low + 4 : low + 9] = 255
        low, high = low + 4, high - 4
    assert Doubt.FRAGMENTS not in assess(matte).reasons


def test_pixels_that_touch_at_a_corner_are_of_one_part() -> None:
    matte = np.zeros((64, 64), np.uint8)
    for each in range(60):
        matte[each + 2, each + 2] = matte[each + 2, 61 - each] = 255
    assert assess(matte) == Quality(100)


def test_a_subject_that_is_cut_off_at_three_sides_touches_the_borders() -> None:
    assert only(Doubt.TOUCHING_BORDERS, drawn((0, 0, 399, 200))) < 90


def test_a_matte_that_cannot_decide_says_so() -> None:
    assert only(Doubt.UNDECIDED_PIXELS, drawn((100, 50, 300, 250), alpha=128)) == 40


def test_a_soft_edge_is_no_doubt() -> None:
    soft = drawn((100, 50, 300, 250), alpha=100).copy()
    soft[60:240, 110:290] = 255
    assert assess(soft) == Quality(100)


def test_the_worse_the_lower() -> None:
    scores = []
    for width in range(0, 201, 20):
        matte = drawn((100, 50, 300, 250)).copy()
        matte[50:251, 100 : 101 + width] = 128
        scores.append(assess(matte).score)
    assert scores == sorted(scores, reverse=True)
    assert (scores[0], scores[-1]) == (100, 40)


def test_noise_is_worth_nothing() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1024, 1536), dtype=np.uint8)
    quality = assess(noise)
    assert quality.score < 10
    assert set(quality.reasons) == {Doubt.FRAGMENTS, Doubt.TOUCHING_BORDERS, Doubt.UNDECIDED_PIXELS}


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_matte_has_a_score_and_reasons_for_it_or_no_foreground(matte: Matte) -> None:
    try:
        quality = assess(matte)
    except UnknownForegroundError:
        assert matte.mean() <= FAINT
    else:
        assert 0 <= quality.score <= 100
        assert (quality.score == 100) == (quality.reasons == ())
        assert assess(matte[:, ::-1]) == quality
