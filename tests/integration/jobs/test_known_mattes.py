"""The same bytes again, from the same user in the same tier: rendered from the finished matte, at no cost."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Literal

import pytest
from moto import mock_aws
from PIL import Image

from background_remover.domain.allowance import AllowancePolicy
from background_remover.domain.batches import BatchStatus
from background_remover.domain.credit_errors import InsufficientCreditsError, UnchargedAllowanceUsedError
from background_remover.domain.credits import Balance
from background_remover.domain.jobs import Job, JobStatus, Margin, Options
from background_remover.domain.subscriptions import Usage
from background_remover.gateways.known_matte import PREFIX
from background_remover.gateways.object_store import input_key, matte_key, result_key, thumbnail_key
from background_remover.observability import metrics
from tests.integration.audit.auditing import audit
from tests.integration.jobs.account import TOKEN, Account, batch_now, now, photo, removal
from tests.integration.jobs.aws_account import NOON
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

SECOND = timedelta(seconds=1)
request = partial(removal, anew=False)
Way = Literal["inline", "async", "upload", "upload id", "inline batch", "uploaded batch", "dropbox"]


def known_mattes(account: Account) -> list[str]:
    return [item["sk"]["S"] for item in account.items("JobsTable") if item["sk"]["S"].startswith(PREFIX)]


def send(account: Account, way: Way, content: bytes, *, anew: bool = False) -> Job:
    """The job that the photo becomes in tier basic, ended."""
    account.sent.clear()
    match way:
        case "inline":
            return account.remove(request(content, anew=anew))
        case "async":
            account.remove(request(content, anew=anew, respond_async=True))
        case "upload" | "upload id":
            upload = account.create_upload(anew=anew)
            written = account.written(input_key(upload), content)
            if way == "upload id":
                return account.remove_uploaded(upload.job_id)
            account.receive(written)
        case "inline batch":
            account.create_batch(content, anew=anew)
        case "uploaded batch":
            (item,) = account.create_batch(None, anew=anew).jobs
            account.receive(account.written(input_key(item), content))
        case "dropbox":
            account.receive(account.written("dropbox/anna/basic/photo.png", content))
    (sent,) = account.sent
    account.process_and_close(sent.message)
    return account.jobs.get("anna", sent.message.job_id)


@pytest.mark.parametrize("way", ["inline", "async", "upload", "upload id", "inline batch", "uploaded batch", "dropbox"])
def test_the_same_photo_again_costs_nothing_and_asks_nobody_whichever_way_it_comes(
    account: Account, hub: HuggingFaceStandIn, way: Way
) -> None:
    first = account.remove(request())
    before = account.balance()
    hub.forget_requests()
    account.clock.advance(SECOND)

    again = send(account, way, photo())

    assert again.job_id != first.job_id
    assert (again.status, again.price, again.matte_of) == (JobStatus.COMPLETED, 0, first.job_id)
    assert again.result
    assert first.result
    assert (again.result.looks, again.result.quality) == (0, first.result.quality)
    assert hub.requests == []
    assert account.balance() == before
    assert account.objects.get(result_key(again)) == account.objects.get(result_key(first))
    assert audit(account).found == []


def test_a_repeat_within_a_request_holds_nothing_and_is_no_entry_of_the_ledger(account: Account) -> None:
    account.remove(request())
    entries = account.entries()
    account.clock.advance(SECOND)

    account.remove(request())

    assert account.entries() == entries


def test_who_has_no_credits_left_gets_the_same_photo_again_all_the_same(account: Account) -> None:
    account.remove(request())
    account.remove(request(photo("red"), tier="industry"))
    account.remove(request(photo("red"), tier="professional"))
    account.remove(request(photo("coral")))
    account.remove(request(photo("gold")))
    with pytest.raises(InsufficientCreditsError):
        account.remove(request(photo("blue")))

    assert account.remove(request()).status is JobStatus.COMPLETED


def test_the_job_is_one_like_any_other(account: Account) -> None:
    first = account.remove(request())
    account.clock.advance(SECOND)
    again = account.remove(request())

    listed, _ = account.jobs.page("anna", limit=10, cursor=None, status=None, tier=None)
    assert [job.job_id for job in listed] == [again.job_id, first.job_id]
    assert now(account, again) == again
    assert {input_key(again), matte_key(again), result_key(again), thumbnail_key(again)} < set(account.files())
    account.render(again, options=Options(format="webp"))
    account.erase(first)
    assert account.render(again, options=Options(crop=Margin(2))).job_id == again.job_id
    account.erase(again)
    assert account.files() == []


def test_other_options_are_rendered_from_the_same_matte(account: Account) -> None:
    account.remove(request())

    again = account.remove(request(options=Options(format="jpeg", background=(255, 0, 0), max_size=16)))

    content = account.objects.get(result_key(again))
    assert content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", (16, 12))
    assert again.matte_of


@pytest.mark.parametrize("way", ["inline", "async"])
def test_with_the_same_options_the_finished_files_are_copied(account: Account, way: Way) -> None:
    first = account.remove(request())
    for key in (result_key, thumbnail_key):
        account.objects.put(key(first), key(first).encode(), "image/png")

    again = send(account, way, photo())

    assert [account.objects.get(key(again)) for key in (result_key, thumbnail_key)] == [
        key(first).encode() for key in (result_key, thumbnail_key)
    ]
    assert again.result
    assert first.result
    assert (again.result.size, again.result.crc32) == (first.result.size, first.result.crc32)


@pytest.mark.parametrize("way", ["inline", "async"])
@pytest.mark.parametrize("lost", [result_key, thumbnail_key])
def test_a_file_that_is_gone_is_rendered_anew(account: Account, way: Way, lost: Callable[[Job], str]) -> None:
    first = account.remove(request())
    content = account.objects.get(lost(first))
    account.objects.delete([lost(first)])

    again = send(account, way, photo())

    assert again.matte_of == first.job_id
    assert account.objects.get(lost(again)) == content


def test_statistics_count_it_as_completed_and_free(account: Account) -> None:
    account.remove(request())
    account.remove(request())

    statistics = account.statistics.of("anna")

    assert statistics.count(status="completed", tier="basic") == 2
    assert (statistics.cached, statistics.credits, statistics.covered) == (1, 3, 0)


@pytest.mark.parametrize("way", ["inline", "upload", "inline batch"])
def test_the_quota_of_a_plan_stays_as_it_was(account: Account, way: Way) -> None:
    account.subscribe("starter")
    account.remove(request())
    account.clock.advance(SECOND)

    again = send(account, way, photo())

    assert (again.matte_of is not None, again.coverage) == (True, None)
    assert now(account, again) == again
    assert account.subscriptions.usage("anna", NOON.date()) == Usage(1, 0)


def test_a_batch_is_charged_for_what_needed_an_inference(account: Account) -> None:
    account.remove(request())
    created = account.create_batch(photo(), photo("red"), photo(), anew=False)

    for sent in list(account.sent):
        account.process_and_close(sent.message)

    batch = batch_now(account, created.batch)
    assert (batch.status, batch.completed) == (BatchStatus.COMPLETED, 3)
    assert (batch.price, batch.charged, batch.released) == (9, 3, 6)
    assert account.balance() == Balance(available=44, held=0)
    assert audit(account).found == []


def test_a_repeat_with_its_key_is_answered_with_the_first_job(account: Account) -> None:
    first = account.remove(request(key="a key"))

    assert account.remove(request(key="a key")).job_id == first.job_id
    assert len(known_mattes(account)) == 1


def test_a_repeat_of_a_free_request_is_answered_with_its_job(account: Account) -> None:
    account.remove(request())
    free = account.remove(request(key="a key"))

    assert account.remove(request(key="a key")).job_id == free.job_id
    assert account.statistics.of("anna").cached == 1


def test_a_hit_is_counted_and_does_not_make_hugging_face_look_faster(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.remove(request())
    capsys.readouterr()
    metrics.clear_metrics()

    account.remove(request())

    written = capsys.readouterr().out
    assert "ImagesDelivered" in written
    assert "HuggingFaceSeconds" not in written
    assert "ProcessingSeconds" not in written
    assert set(metrics.metric_set) >= {"ImagesCached"}
    assert "Looks" not in metrics.metric_set


@pytest.mark.parametrize("way", ["inline", "upload"])
def test_whose_allowance_of_uncharged_inferences_is_used_up_gets_what_needs_none(
    hub: HuggingFaceStandIn, way: Way
) -> None:
    with mock_aws(), Account(hub, token=TOKEN, allowance=AllowancePolicy(base=1, per_hundred=0)) as account:
        account.remove(request())
        upload = account.create_upload(anew=False)
        hub.play(Fault("empty_matte"))
        account.remove(request(photo("red")))
        with pytest.raises(UnchargedAllowanceUsedError):
            account.remove(request(photo("blue")))

        if way == "inline":
            again: Job | None = account.remove(request())
        else:
            account.written(input_key(upload), photo())
            again = account.remove_uploaded(upload.job_id)

    assert again
    assert (again.status, again.matte_of is not None) == (JobStatus.COMPLETED, True)


def test_a_rendering_that_fails_is_no_uncharged_inference(account: Account) -> None:
    wide = photo(width=16_400, height=4)
    account.remove(request(wide))

    failed = account.remove(request(wide, options=Options(format="webp", crop=Margin(99_999))))

    assert (failed.status, failed.price) == (JobStatus.FAILED, 0)
    assert account.allowance.of("anna", account.clock()).used == 0
