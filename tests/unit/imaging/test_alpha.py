import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imaging.alpha import LEVELS, RADIUS, SMOOTHING, refine
from imaging.matte import Matte, upsample
from imaging.photo import Photo
from tests.unit.imaging.images import gradient

SUBJECT, BEHIND = (220, 60, 40), (30, 120, 200)


def disc(side: int) -> NDArray[np.floating]:
    """An exact alpha with a sharp edge."""
    y, x = np.mgrid[0:side, 0:side]
    return np.asarray(np.clip(side / 3 - np.hypot(x - side / 2, y - side / 2) + 0.5, 0, 1), dtype=np.float32)


def photographed(alpha: NDArray[np.floating], subject: tuple[int, ...] = SUBJECT) -> Photo:
    opacity = alpha[:, :, np.newaxis]
    mixed = opacity * np.array(subject) + (1 - opacity) * np.array(BEHIND)
    grain = np.random.default_rng(3).normal(0, 2, (*alpha.shape, 1))
    return Photo(np.rint(np.clip(mixed + grain, 0, 255)).astype(np.uint8), None, None)


def small(alpha: NDArray[np.floating], scale: int) -> Matte:
    """What a good model says of it at a smaller size."""
    side = len(alpha) // scale
    shrunk = alpha[: side * scale, : side * scale].reshape(side, scale, side, scale).mean((1, 3))
    return np.rint(shrunk * 255).astype(np.uint8)


def error(matte: Matte, alpha: NDArray[np.floating]) -> float:
    return float(np.square(matte / 255 - alpha).mean())


@pytest.mark.parametrize("subject", [SUBJECT, (90, 90, 90)])
def test_a_small_matte_follows_the_photos_edge(subject: tuple[int, ...]) -> None:
    alpha = disc(480)
    matte = small(alpha, 4)
    refined = refine(photographed(alpha, subject), matte)
    assert error(refined, alpha) < error(upsample(matte, width=480, height=480), alpha) / 4


def test_a_binary_matte_gets_a_smooth_edge() -> None:
    alpha = disc(480)
    matte = np.where(small(alpha, 4) > 127, 255, 0).astype(np.uint8)
    refined = refine(photographed(alpha), matte)
    assert error(refined, alpha) < error(upsample(matte, width=480, height=480), alpha) / 4


def test_a_grey_photo_is_refined_as_well_although_its_channels_say_the_same() -> None:
    alpha = disc(480)
    photo = photographed(alpha, (180, 180, 180))
    grey = np.repeat(photo.rgb.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)
    matte = small(alpha, 4)
    assert (
        error(refine(Photo(grey, None, None), matte), alpha) < error(upsample(matte, width=480, height=480), alpha) / 2
    )


def test_grain_is_not_multiplied_where_the_contrast_is_low() -> None:
    y, x = np.mgrid[0:480, 0:480]
    ramp = np.clip((np.hypot(x - 240, y - 240) - 120) / 80, 0, 1)  # a broad half-transparent edge
    alpha = np.asarray(1 - ramp, dtype=np.float32)
    photo = photographed(alpha, (60, 130, 200))
    refined = refine(photo, small(alpha, 4)) / 255
    inside = (alpha > 0.2) & (alpha < 0.8)
    speckle = refined - cv2.blur(refined, (5, 5))
    assert speckle[inside].std() < 0.04


def test_far_from_every_edge_all_is_all_and_none_is_none() -> None:
    alpha = disc(480)
    refined = refine(photographed(alpha), small(alpha, 4))
    assert (refined[200:280, 200:280] == 255).all()
    assert not refined[:40, :40].any()


@pytest.mark.parametrize("value", [0, 255])
def test_a_matte_without_an_edge_stays_as_it_is(value: int) -> None:
    matte = np.full((24, 32), value, np.uint8)
    assert (refine(Photo(gradient(320, 240), None, None), matte) == value).all()


def test_the_tiles_leave_no_seams_as_the_filter_over_the_whole_photo_says_the_same() -> None:
    alpha = disc(600)
    photo = photographed(alpha)
    matte = small(alpha, 3)
    assert np.abs(refine(photo, matte).astype(int) - filtered_whole(photo.rgb, matte)).max() <= 3


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 3000), (3000, 1), (130, 7), (129, 257)])
def test_photos_of_any_shape_are_refined(width: int, height: int) -> None:
    photo = Photo(gradient(width, height), None, None)
    matte = np.linspace(0, 255, num=max(1, height // 3) * max(1, width // 3)).reshape(max(1, height // 3), -1)
    assert refine(photo, matte.astype(np.uint8)).shape == (height, width)


def test_what_is_hidden_in_the_file_does_not_matter() -> None:
    alpha = disc(240)
    photo = photographed(alpha)
    own = np.full((240, 240), 255, np.uint8)
    own[:, :120] = 0
    noisy = photo.rgb.copy()
    noisy[:, :120] = np.random.default_rng(5).integers(0, 256, (240, 120, 3))
    matte = small(alpha, 2)
    assert np.array_equal(refine(Photo(photo.rgb, own, None), matte), refine(Photo(noisy, own, None), matte))


def filtered_whole(rgb: NDArray[np.uint8], matte: Matte) -> NDArray[np.intp]:
    """The guided filter as its paper writes it, in float64, over everything at once."""
    size = matte.shape[1], matte.shape[0]
    guide = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.3)) / 255

    def means(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(cv2.blur(values, (2 * RADIUS + 1,) * 2, borderType=cv2.BORDER_REPLICATE))

    alpha = matte / 255
    mean = means(guide)
    covariance = means((guide[..., :, None] * guide[..., None, :]).reshape(*matte.shape, 9)).reshape(*matte.shape, 3, 3)
    covariance -= mean[..., :, None] * mean[..., None, :]
    with_alpha = means(guide * alpha[..., None]) - mean * means(alpha)[..., None]
    linear = np.linalg.solve(covariance + SMOOTHING * np.eye(3), with_alpha[..., None])[..., 0]
    offset = means(alpha) - (linear * mean).sum(-1)
    large = rgb.shape[1], rgb.shape[0]
    value = (cv2.resize(means(linear), large) * rgb / 255).sum(-1) + cv2.resize(means(offset), large)
    low, high = LEVELS
    return np.rint(np.clip((value - low) / (high - low), 0, 1) * 255).astype(int)
