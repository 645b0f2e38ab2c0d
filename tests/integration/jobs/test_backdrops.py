"""An image behind the cut-out goes with its job, whoever works on it and whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.credits import Balance
from background_remover.domain.image_errors import CorruptImageError, NotAnImageError, TooManyPixelsError
from background_remover.domain.jobs import JobStatus, Options
from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.gateways.object_store import backdrop_key, input_key, result_key
from background_remover.use_cases.remove_image import Removal
from tests.integration.jobs.account import Account, now, photo, removal
from tests.integration.jobs.aws_account import BUCKET
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions, Moment
from tests.stack.hugging_face import Fault, HuggingFaceStandIn
from tests.unit.imaging import images

RED = images.file_of(Image.new("RGB", (8, 8), (200, 10, 20)), "PNG")
BLUE = images.file_of(Image.new("RGB", (8, 8), (20, 10, 200)), "PNG")


def options(backdrop: bytes) -> Options:
    return Options(background_image=hashlib.sha256(backdrop).hexdigest())


def on(backdrop: bytes, **asked: Any) -> Removal:
    wanted = removal(images.photo_file("PNG"), options=options(backdrop), **asked)
    return replace(wanted, background_image=backdrop)


def is_on(account: Account, key: str, colour: tuple[int, int, int]) -> bool:
    """Its corner, where there is no subject."""
    content = account.objects.get(key)
    assert content is not None
    picture = Image.open(io.BytesIO(content))
    assert (picture.mode, picture.size) == ("RGB", (64, 48))
    return tuple(np.asarray(picture)[0, 0].tolist()) == colour


def test_at_once_the_subject_stands_before_it(account: Account) -> None:
    job = account.remove(on(RED))

    assert job.status is JobStatus.COMPLETED
    assert is_on(account, result_key(job), (200, 10, 20))
    assert account.objects.get(backdrop_key(job)) == RED
    assert account.s3.head_object(Bucket=BUCKET, Key=backdrop_key(job))["ContentType"] == "image/png"


def test_the_queues_worker_has_it(account: Account) -> None:
    job = account.remove(on(RED, respond_async=True))

    account.process(account.sent[0].message)

    assert now(account, job).status is JobStatus.COMPLETED
    assert is_on(account, result_key(job), (200, 10, 20))


def test_it_is_kept_for_when_hugging_face_is_back(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("cold_start", estimated_time=600))
    job = account.remove(on(RED))
    assert job.status is JobStatus.QUEUED

    account.clock.advance(timedelta(minutes=11))
    account.process(account.sent[-1].message)

    assert is_on(account, result_key(job), (200, 10, 20))


def test_a_photo_by_url_has_it_too(account: Account) -> None:
    job = account.remove_by_url(
        "https://images.example.com/a.png", options=options(RED), background_image=RED, respond_async=True
    )
    account.objects.put(input_key(job), images.photo_file("PNG"), "image/png")  # as if it had been fetched

    account.process(account.sent[0].message)

    assert is_on(account, result_key(job), (200, 10, 20))


def test_one_that_was_lost_fails_the_job_and_gives_its_price_back(account: Account) -> None:
    job = account.remove(on(RED, respond_async=True))
    account.objects.delete([backdrop_key(job)])

    account.process(account.sent[0].message)

    failure = now(account, job).failure
    assert failure
    assert (failure.code, "background image" in failure.detail) == ("photo_lost", True)
    assert account.balance() == Balance(available=50, held=0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("respond_async", [False, True])
def test_a_request_that_cannot_store_it_ends_delivered_or_for_nothing(
    account: Account, moment: Moment, respond_async: bool
) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject backdrops", moment, AnswerLostError))
        job = account.remove(on(RED, respond_async=respond_async))
        assert not interruptions.is_armed

    account.clock.advance(timedelta(minutes=1))
    account.process(account.sent[-1].message)

    assert (now(account, job).result is not None) == (moment == "after")
    assert account.balance() == Balance(available=47 if moment == "after" else 50, held=0)


@pytest.mark.parametrize(
    ("backdrop", "error"),
    [
        (b"no image", NotAnImageError),
        (images.photo_file("PNG")[:300], CorruptImageError),
        (images.file_of(Image.new("1", (5001, 5000)), "PNG"), TooManyPixelsError),
    ],
    ids=["not_an_image", "corrupt", "too_many_pixels"],
)
@pytest.mark.parametrize("respond_async", [False, True])
def test_one_that_is_refused_costs_nothing_and_leaves_nothing(
    account: Account, hub: HuggingFaceStandIn, backdrop: bytes, error: type[Exception], respond_async: bool
) -> None:
    with pytest.raises(error, match="background image"):
        account.remove(on(backdrop, respond_async=respond_async))

    assert account.items("JobsTable") == []
    assert account.files() == []
    assert account.sent == []
    assert hub.requests == []


def test_a_repeat_with_another_one_is_another_request(account: Account) -> None:
    first = account.remove(on(RED, key="once"))

    assert account.remove(on(RED, key="once")).job_id == first.job_id
    with pytest.raises(IdempotencyKeyReusedError):
        account.remove(on(BLUE, key="once"))


def test_the_same_photo_on_another_image_is_made_of_the_known_matte(account: Account) -> None:
    account.remove(on(RED, anew=False))

    again = account.remove(on(BLUE, anew=False))

    assert again.matte_of
    assert is_on(account, result_key(again), (20, 10, 200))
    assert account.balance() == Balance(available=47, held=0)


def test_it_is_erased_with_its_job(account: Account) -> None:
    for respond_async in (False, True):
        account.erase(account.remove(on(RED, respond_async=respond_async)))
    assert account.files() == []


# ---- renderings ----------------------------------------------------------------------------------


def test_a_rendering_stands_before_the_image_that_comes_with_it(account: Account) -> None:
    job = account.remove(removal(images.photo_file("PNG")))

    first = account.render(job, options=options(RED), backdrop=RED)
    second = account.render(job, options=options(BLUE), backdrop=BLUE)

    assert is_on(account, first.key, (200, 10, 20))
    assert is_on(account, second.key, (20, 10, 200))
    assert account.render(job, options=options(RED), backdrop=RED) == first
    assert not [key for key in account.files() if key.startswith("backdrops/")]


def test_a_rendering_on_an_image_that_is_refused_is_not_made(account: Account) -> None:
    job = account.remove(removal(photo()))

    with pytest.raises(NotAnImageError, match="background image"):
        account.render(job, options=options(b"no image"), backdrop=b"no image")

    assert not [key for key in account.files() if key.startswith("renders/")]
