import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from background_remover.domain.tiers import TIERS, Refinement
from imaging.cutout import compose
from imaging.photo import Photo

SUBJECT = np.array((200.0, 40, 60))
COLOURS_ONLY = Refinement(colour_pixels=(10_000,))


def soft_disc(side: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:side, 0:side]
    return np.asarray(
        np.rint(np.clip(1.5 - 3 * np.hypot(x - side / 2, y - side / 2) / side * 1.6, 0, 1) * 255), np.uint8
    )


def scene(matte: NDArray[np.uint8], behind: tuple[int, int, int], grain: float = 0) -> Photo:
    """A subject of one colour in front of a background of another."""
    opacity = matte[:, :, np.newaxis] / 255
    mixed = opacity * SUBJECT + (1 - opacity) * np.array(behind)
    noise = np.random.default_rng(1).normal(0, grain, mixed.shape)
    return Photo(np.rint(np.clip(mixed + noise, 0, 255)).astype(np.uint8), None, None)


@pytest.mark.parametrize("behind", [(255, 255, 255), (0, 0, 0), (20, 200, 90)])
def test_the_subjects_edge_is_freed_of_the_background(behind: tuple[int, int, int]) -> None:
    matte = soft_disc(300)
    photo = scene(matte, behind)
    rgba = compose(photo, matte, COLOURS_ONLY).rgba
    edge = (matte > 12) & (matte < 255)
    before = np.abs(photo.rgb[edge] - SUBJECT).mean()
    assert np.abs(rgba[edge][:, :3] - SUBJECT).mean() < 0.2 * before


@pytest.mark.parametrize("tier", ["professional", "industry"])
def test_opaque_pixels_are_the_photos_and_hidden_ones_are_zero(tier: str) -> None:
    matte = soft_disc(300)
    photo = scene(matte, (255, 255, 255), grain=4)
    rgba = compose(photo, matte, TIERS[tier].refinement).rgba
    opaque, hidden = rgba[:, :, 3] == 255, rgba[:, :, 3] == 0
    assert opaque.mean() > 0.03
    assert hidden.mean() > 0.05
    assert np.array_equal(rgba[opaque][:, :3], photo.rgb[opaque])
    assert not rgba[hidden].any()


def test_grain_becomes_no_speckle() -> None:
    matte = soft_disc(300)
    photo = scene(matte, (255, 255, 255), grain=4)
    rgba = compose(photo, matte, COLOURS_ONLY).rgba
    edge = (rgba[:, :, 3] > 12) & (rgba[:, :, 3] < 255)
    assert (rgba[edge][:, :3] - SUBJECT).std() < 2 * 4


def test_a_matte_that_is_too_soft_is_put_right_by_the_colours_around_it() -> None:
    truth = np.where(soft_disc(300) > 127, 255, 0).astype(np.uint8)
    photo = scene(truth, (20, 200, 90))
    matte = np.asarray(cv2.GaussianBlur(truth, (0, 0), 8), np.uint8)
    put_right = compose(photo, matte, COLOURS_ONLY).rgba[:, :, 3]
    assert np.abs(put_right - truth.astype(float)).mean() < 0.75 * np.abs(matte - truth.astype(float)).mean()


def test_what_is_transparent_in_the_file_keeps_its_colours() -> None:
    matte = soft_disc(120)
    own = np.full((120, 120), 255, np.uint8)
    own[:, :60] = 128
    photo = Photo(scene(matte, (255, 255, 255)).rgb, own, None)
    rgba = compose(photo, matte, COLOURS_ONLY).rgba
    left = rgba[:, :60]
    shows = left[:, :, 3] > 0
    assert np.array_equal(left[shows][:, :3], photo.rgb[:, :60][shows])
    assert left[:, :, 3].max() == 128


@given(
    arrays(np.uint8, (9, 13, 3)),
    arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 13))),
    arrays(np.uint8, (9, 13)) | st.none(),
    st.sampled_from(list(TIERS)),
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_photo_opaque_pixels_are_exact_and_hidden_ones_zero(
    rgb: NDArray[np.uint8], matte: NDArray[np.uint8], own: NDArray[np.uint8] | None, tier: str
) -> None:
    rgba = compose(Photo(rgb, own, None), matte, TIERS[tier].refinement).rgba
    opaque = rgba[:, :, 3] == 255
    assert np.array_equal(rgba[opaque][:, :3], rgb[opaque])
    assert not rgba[rgba[:, :, 3] == 0].any()
    if own is not None:
        assert (rgba[:, :, 3] <= own).all()


def test_of_a_photo_that_is_undecided_nearly_everywhere_only_the_finest_level_is_estimated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two would take longer than a request has for it."""
    matte = soft_disc(300)
    photo = scene(matte, (20, 200, 90))
    two_levels, finest = Refinement(colour_pixels=(1_000, 10_000)), Refinement(colour_pixels=(10_000,))
    assert not np.array_equal(compose(photo, matte, two_levels).rgba, compose(photo, matte, finest).rgba)

    monkeypatch.setattr("imaging.cutout.MOST_MIXED", np.count_nonzero((matte > 0) & (matte < 255)) - 1)

    assert np.array_equal(compose(photo, matte, two_levels).rgba, compose(photo, matte, finest).rgba)
