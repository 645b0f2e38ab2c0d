"""Only in its region a photo is looked at, and nothing else of it is shown."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.image_errors import InvalidRegionError
from background_remover.domain.jobs import Options
from background_remover.domain.placement import Box, Length, Margin, Region
from background_remover.domain.tiers import TIERS, Refinement
from imaging.cutout import compose
from imaging.framing import framed_cutout
from imaging.photo import Photo, decode, inference_copy
from imaging.region import region_box
from tests.unit.imaging.images import file_of, gradient, opened, photo_file, srgb_profile

UNREFINED = Refinement()
REGION = Region(Length(10), Length(5), Length(50), Length(45))


def solid(width: int, height: int) -> NDArray[np.uint8]:
    return np.full((height, width), 255, np.uint8)


def photo(width: int = 80, height: int = 60) -> Photo:
    return Photo(gradient(width, height), None, srgb_profile())


@pytest.mark.parametrize(
    ("region", "box"),
    [
        (None, Box(0, 0, 80, 60)),
        (REGION, Box(10, 5, 50, 45)),
        (Region(Length(25, "%"), Length(50, "%"), Length(75, "%"), Length(100, "%")), Box(20, 30, 60, 60)),
        (Region(Length(0), Length(0), Length(80), Length(100, "%")), Box(0, 0, 80, 60)),
    ],
)
def test_a_region_is_in_pixels_or_per_cent_of_the_photo(region: Region | None, box: Box) -> None:
    assert region_box(region, 80, 60) == box


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (Region(Length(0), Length(0), Length(81), Length(60)), "beyond the photo, which is upright 80 x 60"),
        (Region(Length(0), Length(0), Length(101, "%"), Length(60)), "0px 0px 101% 60px"),
        (Region(Length(50, "%"), Length(0), Length(40), Length(60)), "no pixel"),
        (Region(Length(0), Length(0), Length(0, "%"), Length(60)), "no pixel"),
    ],
)
def test_a_region_that_is_not_in_the_photo_is_refused_with_the_photos_size(region: Region, said: str) -> None:
    with pytest.raises(InvalidRegionError, match=said):
        region_box(region, 80, 60)


# ---- what the model sees -------------------------------------------------------------------------


def test_the_model_sees_the_region_and_nothing_else() -> None:
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[5:45, 10:50] = (10, 200, 30)

    copy = inference_copy(file_of(Image.fromarray(pixels), "PNG"), REGION)

    assert (copy.width, copy.height) == (40, 40)
    assert (np.asarray(opened(copy.content)) == (10, 200, 30)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_region_is_of_the_upright_photo(orientation: int) -> None:
    content = photo_file("PNG", orientation=orientation)
    upright = decode(content).rgb

    copy = inference_copy(content, Region(Length(4), Length(3), Length(30), Length(40)))

    assert abs(np.asarray(opened(copy.content)).astype(int) - upright[3:40, 4:30]).mean() < 6  # It is a JPEG.


def test_a_large_photo_is_seen_in_its_region_as_finely_as_a_photo_of_that_size() -> None:
    content = file_of(Image.fromarray(gradient(3000, 2400)), "PNG", compress_level=1)
    region = Region(Length(0), Length(0), Length(1024), Length(1024))
    assert inference_copy(content).height == 1024
    seen = np.asarray(opened(inference_copy(content, region).content)).astype(int)
    assert abs(seen - gradient(3000, 2400)[:1024, :1024]).mean() < 6


# ---- what is shown -------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", TIERS)
def test_the_matte_of_a_region_belongs_there_and_all_else_is_transparent(tier: str) -> None:
    refinement = TIERS[tier].refinement
    matte = np.asarray(Image.radial_gradient("L").resize((40, 40)))

    framed = framed_cutout(photo(), matte, refinement, Options(region=REGION), looked_at=REGION).rgba

    assert framed.shape == (60, 80, 4)
    assert np.array_equal(framed[5:45, 10:50], compose(photo().part(Box(10, 5, 50, 45)), matte, refinement).rgba)
    framed[5:45, 10:50] = 0
    assert not framed.any()


def test_a_photos_own_transparency_counts_in_its_region() -> None:
    alpha = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80).astype(np.uint8)
    transparent = Photo(gradient(80, 60), alpha, None)

    framed = framed_cutout(transparent, solid(40, 40), UNREFINED, Options(), looked_at=REGION).rgba

    assert np.array_equal(framed[5:45, 10:50, 3], alpha[5:45, 10:50])


def test_a_rendering_shows_no_more_than_was_looked_at_and_than_is_wanted() -> None:
    wanted = Region(Length(40), Length(0), Length(80), Length(20))

    framed = framed_cutout(photo(), solid(40, 40), UNREFINED, Options(region=wanted), looked_at=REGION).rgba

    assert np.array_equal(framed[5:20, 40:50, :3], photo().rgb[5:20, 40:50])
    assert np.count_nonzero(framed[:, :, 3]) == 15 * 10


def test_a_rendering_of_a_region_that_was_not_looked_at_is_refused() -> None:
    elsewhere = Region(Length(60), Length(0), Length(80), Length(20))
    with pytest.raises(InvalidRegionError, match="60px 0px 80px 20px has nothing of the region 10px 5px 50px 45px"):
        framed_cutout(photo(), solid(40, 40), UNREFINED, Options(region=elsewhere), looked_at=REGION)


def test_a_crop_of_a_region_may_go_as_far_as_the_photo() -> None:
    options = Options(region=REGION, crop=Margin(7))
    framed = framed_cutout(photo(), solid(40, 40), UNREFINED, options, looked_at=REGION)
    assert framed.rgba.shape == (52, 54, 4)
