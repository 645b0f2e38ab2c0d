"""A subject that is moved or scaled within the photo's frame, and margins that differ from side to side."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from background_remover.domain.jobs import Options
from background_remover.domain.placement import CENTER, Margin, Margins, Position
from background_remover.domain.tiers import Refinement
from imaging.cutout import Cutout
from imaging.framing import crop, framed_cutout, place, subject_box
from imaging.photo import Photo
from tests.unit.imaging.images import gradient, srgb_profile

BOX = (20, 15, 60, 35)  # left, top, right, bottom


def cutout(box: tuple[int, int, int, int] = BOX, *, width: int = 80, height: int = 60) -> Cutout:
    """Of a gradient, with an opaque rectangle."""
    left, top, right, bottom = box
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[top:bottom, left:right, :3] = gradient(width, height)[top:bottom, left:right]
    rgba[top:bottom, left:right, 3] = 255
    return Cutout(rgba, srgb_profile())


def box_of(placed: Cutout) -> tuple[int, int, int, int]:
    box = subject_box(placed)
    assert box
    return box.left, box.top, box.right, box.bottom


# ---- margins -------------------------------------------------------------------------------------


def test_each_side_has_its_own_margin() -> None:
    whole = cutout()
    margins = Margins(Margin(1), Margin(2), Margin(10, "%"), Margin(4))  # 10 % of the larger side are 4 pixels

    assert np.array_equal(crop(whole, margins).rgba, whole.rgba[14:39, 16:62])


def test_margins_end_where_the_photo_does() -> None:
    margins = Margins(Margin(99_999), Margin(0), Margin(0), Margin(99_999))
    assert np.array_equal(crop(cutout(), margins).rgba, cutout().rgba[0:35, 0:60])


# ---- position ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "left", "top"),
    [
        (Position(0, 0), 0, 0),
        (CENTER, 20, 20),
        (Position(100, 100), 40, 40),
        (Position(100, 0), 40, 0),
        (Position(25, 75), 10, 30),
    ],
)
def test_a_position_shares_out_the_room_beside_the_subject(position: Position, left: int, top: int) -> None:
    whole = cutout()

    placed = place(whole, None, position)

    expected = np.zeros_like(whole.rgba)
    expected[top : top + 20, left : left + 40] = whole.rgba[15:35, 20:60]
    assert np.array_equal(placed.rgba, expected)
    assert placed.icc_profile == whole.icc_profile


def test_a_subject_as_large_as_the_photo_stays_where_it_is() -> None:
    whole = cutout((0, 0, 80, 60))
    assert np.array_equal(place(whole, None, Position(0, 100)).rgba, whole.rgba)


# ---- scale ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "position", "expected"),
    [
        (100, None, (0, 10, 80, 50)),  # the width is what limits it: twice as large
        (50, None, (20, 20, 60, 40)),
        (25, None, (30, 25, 50, 35)),
        (25, Position(0, 100), (0, 50, 20, 60)),
    ],
)
def test_a_scale_is_of_the_frame_and_centres_the_subject(
    scale: int, position: Position | None, expected: tuple[int, int, int, int]
) -> None:
    assert box_of(place(cutout(), scale, position)) == expected


def test_of_a_tall_subject_the_height_is_scaled_to_the_frame() -> None:
    assert box_of(place(cutout((10, 10, 20, 40)), 100, None)) == (30, 0, 50, 60)


def test_a_scale_that_the_subject_has_already_moves_its_pixels_without_a_change() -> None:
    placed = place(cutout(), 50, None)
    assert np.array_equal(placed.rgba[20:40, 20:60], cutout().rgba[15:35, 20:60])


@pytest.mark.parametrize("scale", [100, 30])
@pytest.mark.parametrize("colour", [255, 128, 30])
def test_a_subject_of_one_colour_keeps_it_to_its_edge_however_it_is_scaled(scale: int, colour: int) -> None:
    """Hidden black would darken it, a filter with negative weights would draw a rim."""
    rgba = np.zeros((200, 300, 4), np.uint8)
    y, x = np.mgrid[0:200, 0:300]
    disc = (y - 80) ** 2 + (x - 120) ** 2 < 50**2
    rgba[disc] = (colour, colour, colour, 255)

    placed = place(Cutout(rgba, None), scale, None).rgba

    shown, sure = placed[:, :, 3] > 0, placed[:, :, 3] > 20
    # Eight bits of a premultiplied colour are as many fewer as alpha is smaller. They are rounded in each direction.
    assert (abs(placed[sure][:, :3].astype(int) - colour) * (placed[sure][:, 3:] / 255)).max() < 2
    assert not placed[~shown].any()


@given(
    st.tuples(st.integers(0, 38), st.integers(0, 28)),
    st.tuples(st.integers(1, 40), st.integers(1, 30)),
    st.integers(10, 100) | st.none(),
    st.builds(Position, st.integers(0, 100), st.integers(0, 100)),
)
@settings(max_examples=100, deadline=None)
def test_wherever_it_is_placed_the_subject_is_whole_and_the_frame_is_the_photos(
    corner: tuple[int, int], size: tuple[int, int], scale: int | None, position: Position
) -> None:
    (left, top), (width, height) = corner, size
    whole = cutout((left, top, min(40, left + width), min(30, top + height)), width=40, height=30)

    placed = place(whole, scale, position)

    assert placed.rgba.shape == (30, 40, 4)
    before, after = box_of(whole), box_of(placed)
    if scale is None:
        assert (after[2] - after[0], after[3] - after[1]) == (before[2] - before[0], before[3] - before[1])
    else:
        larger = max((after[2] - after[0]) / 40, (after[3] - after[1]) / 30)
        assert larger == pytest.approx(scale / 100, abs=0.5 / 30 + 1e-9)


def test_without_a_subject_nothing_is_placed() -> None:
    empty = Cutout(np.zeros((6, 8, 4), np.uint8), None)
    assert place(empty, 100, CENTER) is empty


# ---- through the options -------------------------------------------------------------------------


def test_it_is_placed_before_it_is_made_small() -> None:
    matte = cutout().rgba[:, :, 3]
    photo = Photo(gradient(80, 60), None, None)
    options = Options(scale=50, position=Position(0, 0), max_size=40)

    framed = framed_cutout(photo, matte, Refinement(), options)

    assert framed.rgba.shape == (30, 40, 4)
    assert box_of(framed) == (0, 0, 20, 10)
