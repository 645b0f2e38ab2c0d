"""A subject is looked for in a region of the photo, by whoever works on the job."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from background_remover.domain.credits import Balance
from background_remover.domain.image_errors import InvalidRegionError
from background_remover.domain.jobs import Job, JobStatus, Options
from background_remover.domain.placement import Length, Position, Region
from background_remover.gateways.object_store import matte_key, result_key
from tests.integration.jobs.account import TOKEN, Account, now, removal
from tests.stack.hugging_face import HuggingFaceStandIn
from tests.unit.imaging import images

REGION = Region(Length(8), Length(50, "%"), Length(40), Length(100, "%"))  # 32 x 24 of 64 x 48
BEYOND = Region(Length(0), Length(0), Length(65), Length(48))


class Everything:
    """A model to which all is subject."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def matte(self, photo: Image.Image) -> Image.Image:
        self.sizes.append(photo.size)
        return Image.new("L", photo.size, 255)


def alpha(account: Account, key: str) -> np.ndarray:
    content = account.objects.get(key)
    assert content is not None
    return np.asarray(Image.open(io.BytesIO(content)))[:, :, 3]


def inline(account: Account) -> Job:
    return account.remove(removal(images.photo_file("PNG"), options=Options(region=REGION)))


def by_the_worker(account: Account) -> Job:
    job = account.remove(removal(images.photo_file("PNG"), options=Options(region=REGION), respond_async=True))
    account.process(account.sent[0].message)
    return now(account, job)


@pytest.mark.parametrize("way", [inline, by_the_worker])
def test_the_model_sees_the_region_and_all_else_is_transparent(way: Callable[[Account], Job]) -> None:
    model = Everything()
    with HuggingFaceStandIn(TOKEN, model) as hub, mock_aws(), Account(hub, token=TOKEN) as account:
        job = way(account)

        assert model.sizes == [(32, 24)]
        expected = np.zeros((48, 64), np.uint8)
        expected[24:48, 8:40] = 255
        assert np.array_equal(alpha(account, result_key(job)), expected)
        assert np.array_equal(alpha(account, account.render(job).key), expected)


def test_a_rendering_may_show_less_of_it_and_put_it_elsewhere() -> None:
    with HuggingFaceStandIn(TOKEN, Everything()) as hub, mock_aws(), Account(hub, token=TOKEN) as account:
        job = inline(account)
        half = Region(Length(0), Length(0), Length(24), Length(48))

        rendering = account.render(job, options=Options(region=half, position=Position(0, 0)))

        expected = np.zeros((48, 64), np.uint8)
        expected[0:24, 0:16] = 255
        assert np.array_equal(alpha(account, rendering.key), expected)


def test_the_matte_is_the_regions(account: Account) -> None:
    content = account.objects.get(matte_key(inline(account)))
    assert content
    assert Image.open(io.BytesIO(content)).size == (32, 24)


def test_a_matte_is_known_for_its_region_only(account: Account) -> None:
    content = images.photo_file("PNG")
    for options, known in (
        (Options(), False),
        (Options(region=REGION), False),
        (Options(), True),
        (Options(region=REGION, background=(1, 2, 3)), True),
    ):
        job = account.remove(removal(content, options=options, anew=False))
        assert (job.matte_of is not None) is known
    assert account.balance() == Balance(available=44, held=0)


def test_a_region_beyond_the_photo_is_refused_before_anything_is_made(account: Account) -> None:
    with pytest.raises(InvalidRegionError, match="64 x 48"):
        account.remove(removal(images.photo_file("PNG"), options=Options(region=BEYOND)))

    assert account.items("JobsTable") == []
    assert account.files() == []


def test_of_a_photo_that_comes_later_it_fails_the_job_for_nothing(account: Account) -> None:
    job = account.remove_by_url("https://images.example.com/a.png", options=Options(region=BEYOND), respond_async=True)
    account.objects.put(f"inputs/{job.user_id}/{job.job_id}", images.photo_file("PNG"), "image/png")

    account.process(account.sent[0].message)

    ended = now(account, job)
    assert ended.status is JobStatus.FAILED
    assert ended.failure
    assert ended.failure.code == "invalid_region"
    assert account.balance() == Balance(available=50, held=0)


def test_a_rendering_beyond_what_was_looked_at_is_refused(account: Account) -> None:
    job = inline(account)
    elsewhere = Options(region=Region(Length(50), Length(0), Length(64), Length(10)))

    with pytest.raises(InvalidRegionError, match="was looked at"):
        account.render(job, options=elsewhere)
