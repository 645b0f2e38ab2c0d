from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.image_errors import TooManyPixelsError
from background_remover.domain.job_errors import (
    JobNotFoundError,
    NothingToRenderError,
    RenderingExpiredError,
    TooManyRenderingsError,
)
from background_remover.domain.jobs import Job, JobStatus, Lease, Margin, Options
from background_remover.domain.request_errors import InvalidParameterError
from background_remover.domain.tiers import Tier
from background_remover.gateways.object_store import input_key, matte_key, renders_prefix, result_key
from background_remover.gateways.work_queue import message_for
from background_remover.use_cases.render import MOST_RENDERINGS, Render
from tests.integration.jobs.account import INPUT_RETENTION, Account, photo, removal
from tests.integration.jobs.aws_account import BUCKET, NOON
from tests.integration.jobs.interruptions import CrashError, Interruption, Interruptions, Moment
from tests.stack.hugging_face import Fault, HuggingFaceStandIn
from tests.unit.imaging import images

ON_WHITE = Options(format="jpeg", background=(255, 255, 255), max_size=20)


def picture(account: Account, key: str) -> Image.Image:
    content = account.objects.get(key)
    assert content is not None
    return Image.open(io.BytesIO(content))


def renderings(account: Account) -> list[str]:
    return [key for key in account.files() if key.startswith("renders/")]


# ---- what it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["basic", "standard", "professional", "industry"])
def test_asked_for_nothing_else_it_is_the_result_to_the_last_byte(account: Account, tier: str) -> None:
    job = account.remove(removal(images.photo_file("JPEG", orientation=6), tier=tier))

    rendering = account.render(job)

    assert account.objects.get(rendering.key) == account.objects.get(result_key(job))
    assert (rendering.refinement, rendering.width, rendering.height) == (tier, 48, 64)


def test_it_is_what_was_asked_for(account: Account) -> None:
    job = account.remove(removal(images.photo_file("PNG")))

    rendering = account.render(job, options=ON_WHITE)

    image = picture(account, rendering.key)
    assert (image.format, image.size) == ("JPEG", (20, 15))
    assert (rendering.content_type, rendering.width, rendering.height) == ("image/jpeg", 20, 15)
    assert rendering.size == len(account.objects.get(rendering.key) or b"")
    assert account.s3.head_object(Bucket=BUCKET, Key=rendering.key)["ContentType"] == "image/jpeg"


def test_the_refinement_of_a_lower_tier_is_that_tiers(account: Account) -> None:
    content = images.photo_file("PNG")
    professional = account.remove(removal(content, tier="professional"))
    standard = account.remove(removal(content, tier="standard"))

    rendering = account.render(professional, refinement="standard")

    assert rendering.refinement == "standard"
    assert account.objects.get(rendering.key) == account.objects.get(result_key(standard))


def test_a_job_that_was_delivered_as_a_lesser_tier_is_rendered_up_to_that(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("unprocessable"))
    job = account.remove(removal(images.photo_file("PNG"), tier="industry"))

    assert account.render(job).refinement == "professional"
    with pytest.raises(InvalidParameterError, match="delivered as professional"):
        account.render(job, refinement="industry")


def test_a_matte_that_was_cropped_is_the_alpha_of_the_cropped_cut_out(account: Account) -> None:
    job = account.remove(removal(images.photo_file("PNG")))

    cutout = picture(account, account.render(job, options=Options(crop=Margin(2))).key)
    matte = picture(account, account.render(job, options=Options(crop=Margin(2), output="matte")).key)

    assert matte.mode == "L"
    assert matte.size == cutout.size != (64, 48)
    assert np.array_equal(np.asarray(matte), np.asarray(cutout)[:, :, 3])


def test_an_image_of_a_batch_is_rendered_like_any_other(account: Account) -> None:
    job = account.create_batch(photo()).jobs[0]
    account.process_and_close(message_for(job))

    rendering = account.render(job, options=ON_WHITE)

    assert picture(account, rendering.key).size == (20, 15)


def test_it_takes_no_inference_and_no_credits_and_changes_nothing_about_the_job(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    job = account.remove(removal())
    before = account.movements(), account.items("JobsTable"), account.files()
    hub.forget_requests()

    rendering = account.render(job, options=ON_WHITE)

    assert hub.requests == []
    assert account.movements() == before[0]
    assert account.items("JobsTable") == before[1]
    assert set(account.files()) == {*before[2], rendering.key}
    assert account.sent == []


# ---- again ---------------------------------------------------------------------------------------


def test_a_repeat_is_answered_with_what_is_there_already(account: Account) -> None:
    job = account.remove(removal())
    first = account.render(job, options=ON_WHITE)
    account.objects.delete([input_key(job), matte_key(job)])  # so that it could not be made again

    assert account.render(job, options=ON_WHITE) == first


def test_naming_the_jobs_own_tier_is_the_same_rendering(account: Account) -> None:
    job = account.remove(removal(tier="standard"))

    assert account.render(job).key == account.render(job, refinement="standard").key


def test_other_options_and_other_refinements_are_other_renderings(account: Account) -> None:
    job = account.remove(removal(tier="standard"))
    wanted = [
        *(Options(), Options(crop=Margin(1)), Options(crop=Margin(1, "%")), Options(max_size=9)),
        *(Options(output="matte"), Options(background=(0, 0, 0)), Options(format="webp")),
        Options(format="webp", lossless=True),
    ]

    keys = {account.render(job, options=options).key for options in wanted}
    keys.add(account.render(job, refinement="basic").key)

    assert len(keys) == len(wanted) + 1
    assert set(renderings(account)) == keys


def test_what_is_wanted_may_depend_on_the_tier_of_the_refinement(account: Account) -> None:
    job = account.remove(removal(tier="professional"))
    asked: list[Tier] = []

    def options_for(tier: Tier) -> Options:
        asked.append(tier)
        return Options()

    render = Render(jobs=account.jobs, objects=account.objects, input_retention=INPUT_RETENTION, clock=account.clock)
    for refinement in (None, "basic"):
        render("anna", job.job_id, refinement=refinement, options_for=options_for)

    assert [tier.name for tier in asked] == ["professional", "basic"]


# ---- never ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("user_id", ["ben", "Anna"])
def test_somebody_elses_job_is_not_found(account: Account, user_id: str) -> None:
    job = account.remove(removal())

    with pytest.raises(JobNotFoundError):
        account.render(job, user_id=user_id)

    assert renderings(account) == []


def worked_on(account: Account) -> Job:
    job = account.remove(removal(respond_async=True))
    return account.jobs.lease("anna", job.job_id, Lease("a worker", NOON + timedelta(seconds=90)), NOON)


@pytest.mark.parametrize("status", ["awaiting_upload", "queued", "processing"])
def test_a_job_that_is_under_way_has_nothing_to_render_yet(account: Account, status: str) -> None:
    made: dict[str, Callable[[], Job]] = {
        "awaiting_upload": account.create_upload,
        "queued": lambda: account.remove(removal(respond_async=True)),
        "processing": lambda: worked_on(account),
    }
    job = made[status]()

    with pytest.raises(NothingToRenderError, match=rf"“{status}”.*GET jobs") as refusal:
        account.render(job)

    assert refusal.value.members == {"jobStatus": status}


def test_a_job_that_failed_has_nothing_to_render_ever(account: Account, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("bad_request"))
    job = account.remove(removal())

    with pytest.raises(NothingToRenderError, match=r"“failed”.*POST remove"):
        account.render(job)


def test_a_job_whose_tier_there_is_not_has_nothing_to_render(account: Account) -> None:
    account.balance()
    account.receive(account.written("dropbox/anna/gold/photo.png", photo()))
    (job,), _ = account.jobs.page("anna", limit=1, cursor=None, status=JobStatus.FAILED, tier=None)

    with pytest.raises(NothingToRenderError):
        account.render(job)


@pytest.mark.parametrize(("tier", "above"), [("basic", "standard"), ("standard", "industry")])
def test_a_refinement_above_the_jobs_tier_is_refused(account: Account, tier: str, above: str) -> None:
    job = account.remove(removal(tier=tier))

    with pytest.raises(InvalidParameterError, match=f"delivered as {tier}") as refusal:
        account.render(job, refinement=above)

    assert refusal.value.members["errors"] == [
        {"field": "refinement", "message": f"is above the job's tier, {tier}"},
    ]
    assert renderings(account) == []


def test_a_side_that_the_format_cannot_hold_is_refused_and_leaves_nothing_behind(account: Account) -> None:
    job = account.remove(removal(photo(width=16_400, height=4)))

    with pytest.raises(TooManyPixelsError):
        account.render(job, options=Options(format="webp"))

    assert renderings(account) == []


def filled_up(account: Account, job: Job, renderings: int) -> None:
    for number in range(renderings):
        account.objects.put(f"{renders_prefix(job)}{number}.png", b"a rendering", "image/png")


def test_a_job_has_so_many_renderings_and_no_more(account: Account) -> None:
    job, other = account.remove(removal()), account.remove(removal())
    filled_up(account, job, MOST_RENDERINGS - 1)
    last = account.render(job, options=ON_WHITE)

    with pytest.raises(TooManyRenderingsError, match=rf"{MOST_RENDERINGS} renderings.*7 days"):
        account.render(job)

    assert len(renderings(account)) == MOST_RENDERINGS
    assert account.render(job, options=ON_WHITE) == last
    assert account.render(other)


def test_after_the_retention_it_is_gone_whatever_is_still_there(account: Account) -> None:
    job = account.remove(removal())
    account.render(job)
    account.clock.advance(INPUT_RETENTION - timedelta(seconds=1))
    account.render(job)
    account.clock.advance(timedelta(seconds=1))

    with pytest.raises(RenderingExpiredError, match=r"7 days.*POST remove"):
        account.render(job)


@pytest.mark.parametrize("gone", [input_key, matte_key])
def test_where_photo_or_matte_are_gone_before_their_time_it_is_gone(
    account: Account, gone: Callable[[Job], str]
) -> None:
    job = account.remove(removal())
    account.objects.delete([gone(job)])

    with pytest.raises(RenderingExpiredError):
        account.render(job)

    assert renderings(account) == []


# ---- erased --------------------------------------------------------------------------------------


def test_who_erases_a_job_erases_its_renderings_and_nobody_elses(account: Account) -> None:
    job, other = account.remove(removal()), account.remove(removal())
    for each in (job, other):
        account.render(each)
        account.render(each, options=ON_WHITE)

    account.erase(job)

    assert len(renderings(account)) == 2
    assert all(key.startswith(renders_prefix(other)) for key in renderings(account))


def test_more_renderings_than_two_listings_have_are_all_erased(account: Account) -> None:
    job = account.remove(removal())
    for number in range(2001):
        account.objects.put(f"{renders_prefix(job)}{number}.png", b"a rendering", "image/png")

    account.erase(job)

    assert account.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


CALLS_OF_A_RENDERING = [
    ("GetItem", 1),
    ("HeadObject", 1),
    ("ListObjectsV2", 1),
    ("GetObject", 1),
    ("PutObject renders", 1),
    ("GetItem", 2),
]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("call", "occurrence"), CALLS_OF_A_RENDERING)
def test_nothing_is_left_of_a_job_that_is_erased_while_it_is_rendered(
    account: Account, call: str, occurrence: int, moment: Moment
) -> None:
    job = account.remove(removal())
    is_too_late_to_notice = (call, occurrence, moment) == ("GetItem", 2, "after")

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(call, moment, lambda: account.erase(job), occurrence))
        with nullcontext() if is_too_late_to_notice else pytest.raises(JobNotFoundError):
            account.render(job)
        assert not interruptions.is_armed

    assert account.files() == []


@pytest.mark.parametrize("call", ["ListObjectsV2", "DeleteItem"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_nothing_is_left_of_a_rendering_that_is_made_while_its_job_is_erased(
    account: Account, call: str, moment: Moment
) -> None:
    job = account.remove(removal())
    content = account.objects.get(input_key(job)) or b""
    matte = account.objects.get(matte_key(job)) or b""

    def render() -> None:
        # As one that had read photo and matte before they were erased.
        account.objects.put(input_key(job), content, "image/png")
        account.objects.put(matte_key(job), matte, "image/png")
        try:
            account.render(job)
        except JobNotFoundError:
            assert (call, moment) == ("DeleteItem", "after")
        account.objects.delete([input_key(job), matte_key(job)])

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(call, moment, render))
        account.erase(job)
        assert not interruptions.is_armed

    assert account.files() == []


def test_a_rendering_that_died_before_it_was_answered_is_there_for_the_repeat(account: Account) -> None:
    job = account.remove(removal())
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject renders", "after", CrashError))
        with pytest.raises(CrashError):
            account.render(job)

    rendering = account.render(job)

    assert renderings(account) == [rendering.key]
