from __future__ import annotations

import io
import random
from datetime import timedelta

import numpy as np
import pytest
from moto import mock_aws
from PIL import Image

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance
from background_remover.domain.image_errors import (
    CorruptImageError,
    DecompressionBombError,
    EmptyImageError,
    ImageError,
    NotAnImageError,
    TooManyPixelsError,
    UnsupportedImageTypeError,
)
from background_remover.domain.inference_errors import TierUnavailableError
from background_remover.domain.jobs import Doubt, JobStatus, Margin, Options, Quality
from background_remover.domain.request_errors import IdempotencyKeyReusedError
from background_remover.domain.tiers import Model
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key
from background_remover.gateways.work_queue import JobMessage
from background_remover.use_cases.remove_image import Removal
from tests.integration.jobs.account import TOKEN, Account, photo, removal
from tests.integration.jobs.aws_account import BUCKET, NOON, SentMessage
from tests.stack.hugging_face import Fault, FaultKind, HuggingFaceStandIn
from tests.unit.imaging import images


def picture(account: Account, key: str) -> Image.Image:
    content = account.objects.get(key)
    assert content is not None
    return Image.open(io.BytesIO(content))


def assert_nothing_is_left(account: Account) -> None:
    assert account.items("JobsTable") == []
    assert account.items("CreditsTable") == []
    assert account.files() == []
    assert account.sent == []


# ---- at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tier", "price"), [("basic", 3), ("standard", 8), ("professional", 15), ("industry", 25)])
def test_a_photo_is_cut_out_at_once_and_its_price_is_captured(account: Account, tier: str, price: int) -> None:
    job = account.remove(removal(tier=tier))

    assert job.status is JobStatus.COMPLETED
    assert account.jobs.get("anna", job.job_id).status is JobStatus.COMPLETED
    assert account.balance() == Balance(available=50 - price, held=0)
    assert account.movements() == [("bonus", 50, 0), ("hold", -price, price), ("capture", 0, -price)]
    assert account.sent == []


def test_everything_that_the_job_makes_is_stored(account: Account) -> None:
    job = account.remove(removal())

    assert set(account.files()) == {input_key(job), result_key(job), matte_key(job), thumbnail_key(job)}
    assert account.objects.get(input_key(job)) == photo()
    assert picture(account, matte_key(job)).size == (32, 24)
    assert picture(account, thumbnail_key(job)).format == "WEBP"
    assert job.result
    assert job.result.size == len(account.objects.get(result_key(job)) or b"")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_where_the_result_is_opaque_it_has_the_photos_own_colours(account: Account, file_format: str) -> None:
    content = images.photo_file(file_format)

    job = account.remove(removal(content))

    result = np.asarray(picture(account, result_key(job)))
    decoded = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    opaque = result[..., 3] == 255
    assert result.shape == (48, 64, 4)
    assert opaque.sum() > 500
    assert not opaque.all()
    assert np.array_equal(result[opaque][:, :3], decoded[opaque])


def test_the_job_says_how_far_its_matte_may_be_relied_on(account: Account) -> None:
    job = account.remove(removal())

    assert job.result
    assert job.result.quality == Quality(100)
    assert account.jobs.get("anna", job.job_id) == job


def test_a_photo_of_one_pixel_is_cut_out(account: Account) -> None:
    assert account.remove(removal(photo(width=1, height=1))).status is JobStatus.COMPLETED


def test_a_photo_that_is_all_foreground_is_delivered_with_the_lowest_score() -> None:
    with HuggingFaceStandIn(TOKEN, Everything()) as hub, mock_aws(), Account(hub, token=TOKEN) as account:
        job = account.remove(removal())

    assert job.result
    assert job.result.quality == Quality(0, (Doubt.FULL_FRAME, Doubt.TOUCHING_BORDERS))


class Everything:
    """A model to which all is subject."""

    def matte(self, photo: Image.Image) -> Image.Image:
        return Image.new("L", photo.size, 255)


def test_the_result_is_rendered_as_asked(account: Account) -> None:
    job = account.remove(removal(options=Options(format="jpeg", background=(255, 255, 255))))

    assert picture(account, result_key(job)).format == "JPEG"
    assert account.s3.head_object(Bucket=BUCKET, Key=result_key(job))["ContentType"] == "image/jpeg"


def test_the_result_says_how_large_it_is_and_the_thumbnail_shows_what_it_shows(account: Account) -> None:
    whole = account.remove(removal(images.photo_file("PNG")))
    cropped = account.remove(removal(images.photo_file("PNG"), options=Options(crop=Margin(0), max_size=30)))

    assert whole.result
    assert (whole.result.width, whole.result.height) == picture(account, result_key(whole)).size == (64, 48)
    assert cropped.result
    assert (cropped.result.width, cropped.result.height) == picture(account, result_key(cropped)).size
    assert picture(account, thumbnail_key(cropped)).size == picture(account, result_key(cropped)).size
    assert max(picture(account, result_key(cropped)).size) == 30
    assert account.jobs.get("anna", cropped.job_id).result == cropped.result


def test_a_matte_is_delivered_as_it_was_asked_for(account: Account) -> None:
    content = images.photo_file("PNG")
    cutout = account.remove(removal(content))

    matte = account.remove(removal(content, options=Options(output="matte")))

    alpha = np.asarray(picture(account, result_key(cutout)))[:, :, 3]
    assert np.array_equal(np.asarray(picture(account, result_key(matte))), alpha)


def test_a_side_that_the_format_cannot_hold_is_refused_unless_the_result_is_smaller(account: Account) -> None:
    content = photo(width=16_400, height=4)
    with pytest.raises(TooManyPixelsError):
        account.remove(removal(content, options=Options(format="webp")))
    assert_nothing_is_left(account)

    job = account.remove(removal(content, options=Options(format="webp", max_size=1000)))

    assert picture(account, result_key(job)).size == (1000, 1)


def test_a_photo_that_the_format_cannot_hold_is_taken_on_where_the_crop_makes_it_small_enough(account: Account) -> None:
    job = account.remove(removal(photo(width=16_400, height=4), options=Options(format="webp", crop=Margin(0))))

    assert picture(account, result_key(job)).width < 16_384


def test_a_crop_that_the_format_cannot_hold_fails_the_job_and_costs_nothing(account: Account) -> None:
    wanted = Options(format="webp", crop=Margin(99_999))

    job = account.remove(removal(photo(width=16_400, height=4), options=wanted))

    assert job.failure
    assert job.failure.code == TooManyPixelsError.code
    assert account.balance() == Balance(available=50, held=0)
    assert result_key(job) not in account.files()


def test_the_job_describes_the_photo_as_it_was_sent(account: Account) -> None:
    content = images.photo_file("JPEG", orientation=6)

    source = account.remove(removal(content)).source

    assert (source.content_type, source.width, source.height) == ("image/jpeg", 48, 64)
    assert (source.size, source.file_name) == (len(content), "photo.png")


# ---- later -------------------------------------------------------------------------------------------------------


def test_who_does_not_want_to_wait_gets_a_queued_job(account: Account, hub: HuggingFaceStandIn) -> None:
    job = account.remove(removal(respond_async=True))

    assert job.status is JobStatus.QUEUED
    assert account.jobs.get("anna", job.job_id) == job
    assert account.files() == [input_key(job)]
    assert account.received() == [JobMessage("anna", job.job_id)]
    assert account.balance() == Balance(available=47, held=3)
    assert hub.requests == []


def test_a_cold_model_sends_the_job_to_the_queue_for_as_long_as_hugging_face_said(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("cold_start", estimated_time=42.0))

    job = account.remove(removal())

    assert job.status is JobStatus.QUEUED
    assert account.sent == [SentMessage(JobMessage("anna", job.job_id), delay=42)]
    assert account.balance() == Balance(available=47, held=3)


def test_a_job_in_the_queue_has_no_lease_and_its_photo_is_stored(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("cold_start"))

    job = account.remove(removal())

    assert account.jobs.get("anna", job.job_id).lease is None
    assert account.files() == [input_key(job)]


def test_hugging_face_being_busy_without_saying_for_how_long_waits_a_few_seconds(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    random.seed(1)
    hub.play(Fault("server_error", status=503, times=50))

    account.remove(removal())

    assert [5 <= sent.delay <= 10 for sent in account.sent] == [True]


@pytest.mark.parametrize("tier", ["basic", "standard"])
@pytest.mark.parametrize("kind", ["html_200", "empty_200", "error_200"])
def test_an_outage_that_is_answered_with_200_queues_the_job(
    account: Account, hub: HuggingFaceStandIn, kind: FaultKind, tier: str
) -> None:
    hub.play(Fault(kind, times=50))

    job = account.remove(removal(tier=tier))

    assert job.status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [JobMessage("anna", job.job_id)]
    assert account.balance() == Balance(available=50 - job.price, held=job.price)


def test_our_own_misconfiguration_queues_the_job_and_tells_the_operator(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("payment_required"))

    job = account.remove(removal())

    assert job.status is JobStatus.QUEUED
    assert account.sent == [SentMessage(JobMessage("anna", job.job_id), delay=60)]
    assert account.balance() == Balance(available=47, held=3)


# ---- never -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("bad_request"), "inference_refused"),
        (Fault("unprocessable"), "inference_refused"),
        (Fault("wrong_size", times=2), "invalid_matte"),
        (Fault("truncated_matte", times=2), "invalid_matte"),
        (Fault("empty_matte"), "unknown_foreground"),
    ],
)
def test_a_photo_that_hugging_face_gives_no_matte_for_costs_nothing(
    account: Account, hub: HuggingFaceStandIn, fault: Fault, code: str
) -> None:
    hub.play(fault)

    job = account.remove(removal())

    assert job.status is JobStatus.FAILED
    assert job.failure
    assert job.failure.code == code
    assert account.jobs.get("anna", job.job_id).failure == job.failure
    assert account.balance() == Balance(available=50, held=0)
    assert account.movements() == [("bonus", 50, 0), ("hold", -3, 3), ("release", 3, -3)]
    assert account.sent == []


BAD_IMAGES = {
    "empty": (b"", EmptyImageError),
    "text": (b"This is no photo.", NotAnImageError),
    "BMP": (images.file_of(Image.new("P", (8, 8)), "BMP"), UnsupportedImageTypeError),
    "truncated PNG": (images.photo_file("PNG")[:-3000], CorruptImageError),
    "truncated JPEG": (images.photo_file("JPEG")[:-300], CorruptImageError),
    "51 MP": (images.png_header(8500, 6000, 8, 2) + images.png_chunk(b"IDAT", bytes(2_000_000)), TooManyPixelsError),
    "bomb": (images.png_header(40_000, 40_000, 8, 2) + images.png_chunk(b"IDAT", b""), DecompressionBombError),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
@pytest.mark.parametrize("respond_async", [False, True])
def test_a_bad_image_leaves_nothing_behind(
    account: Account, hub: HuggingFaceStandIn, name: str, respond_async: bool
) -> None:
    content, kind = BAD_IMAGES[name]

    with pytest.raises(kind):
        account.remove(removal(content, key="a key", respond_async=respond_async))

    assert issubclass(kind, ImageError)
    assert_nothing_is_left(account)
    assert hub.requests == []


def test_a_tier_whose_model_is_not_configured_is_refused_and_leaves_nothing_behind(hub: HuggingFaceStandIn) -> None:
    with mock_aws(), Account(hub, token=TOKEN, models=frozenset({Model.RMBG_2_0})) as account:
        with pytest.raises(TierUnavailableError):
            account.remove(removal(tier="basic"))

        assert_nothing_is_left(account)


def test_too_few_credits_leave_nothing_but_the_new_account_behind(account: Account, hub: HuggingFaceStandIn) -> None:
    for _ in range(2):
        account.remove(removal(tier="industry", respond_async=True))
    before = account.items("CreditsTable"), account.items("JobsTable"), account.files(), list(account.sent)

    with pytest.raises(InsufficientCreditsError):
        account.remove(removal(tier="basic", key="a key"))

    assert (account.items("CreditsTable"), account.items("JobsTable"), account.files(), account.sent) == before
    assert hub.requests == []


# ---- again -------------------------------------------------------------------------------------------------------


def test_a_repeat_with_its_key_is_answered_with_the_same_job_and_not_cut_out_again(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    first = account.remove(removal(key="a key"))
    hub.forget_requests()

    second = account.remove(removal(key="a key"))

    assert (second.job_id, second.status) == (first.job_id, JobStatus.COMPLETED)
    assert account.balance() == Balance(available=47, held=0)
    assert hub.requests == []


@pytest.mark.parametrize(
    "other",
    [
        removal(photo("red"), key="a key"),
        removal(tier="standard", key="a key"),
        removal(options=Options(format="webp"), key="a key"),
        removal(options=Options(crop=Margin(5)), key="a key"),
    ],
    ids=["photo", "tier", "format", "crop"],
)
def test_a_key_is_refused_for_another_photo_tier_or_rendering(account: Account, other: Removal) -> None:
    account.remove(removal(key="a key"))

    with pytest.raises(IdempotencyKeyReusedError):
        account.remove(other)

    assert account.balance() == Balance(available=47, held=0)


def test_without_a_key_every_request_is_a_job_of_its_own(account: Account) -> None:
    assert account.remove(removal()).job_id != account.remove(removal()).job_id
    assert account.balance() == Balance(available=44, held=0)


def test_the_clock_of_a_job_is_the_services(account: Account) -> None:
    job = account.remove(removal())

    assert (job.created_at, job.retire_at) == (NOON, NOON + timedelta(days=30))
