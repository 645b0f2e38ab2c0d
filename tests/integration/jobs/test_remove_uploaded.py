from __future__ import annotations

import pytest

from background_remover.domain.credits import Balance
from background_remover.domain.job_errors import JobNotFoundError, UploadMissingError
from background_remover.domain.jobs import JobStatus
from background_remover.domain.request_errors import NotAcceptableError
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import Account, photo
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


def test_an_uploaded_photo_is_cut_out_before_s3_has_told_of_it(account: Account) -> None:
    job = account.create_upload()
    written = account.written(input_key(job), photo())

    removed = account.remove_uploaded(job.job_id)
    account.receive(written)

    assert removed.status is JobStatus.COMPLETED
    assert (account.balance(), account.sent) == (Balance(available=47, held=0), [])


def test_an_uploaded_photo_that_s3_told_of_is_cut_out_once(account: Account) -> None:
    job = account.create_upload()
    account.receive(account.written(input_key(job), photo()))

    removed = account.remove_uploaded(job.job_id)
    account.process(message_for(job))

    assert removed.status is JobStatus.COMPLETED
    assert account.movements()[1:] == [("hold", -3, 3), ("capture", 0, -3)]


def test_what_the_worker_has_delivered_is_answered_with_its_job(account: Account) -> None:
    job = account.create_upload()
    account.receive(account.written(input_key(job), photo()))
    delivered = account.process(message_for(job))

    assert account.remove_uploaded(job.job_id) == delivered


def test_an_upload_whose_photo_is_not_there_has_to_wait(account: Account) -> None:
    job = account.create_upload()

    with pytest.raises(UploadMissingError):
        account.remove_uploaded(job.job_id)

    assert account.jobs.get("anna", job.job_id).status is JobStatus.AWAITING_UPLOAD


def test_who_does_not_want_to_wait_leaves_it_to_the_worker(account: Account) -> None:
    job = account.create_upload()
    written = account.written(input_key(job), photo())

    queued = account.remove_uploaded(job.job_id, respond_async=True)
    account.receive(written)

    assert queued.status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_a_cold_model_leaves_it_to_the_worker(account: Account, hub: HuggingFaceStandIn) -> None:
    job = account.create_upload()
    account.written(input_key(job), photo())
    hub.play(Fault("cold_start", estimated_time=600.0))

    queued = account.remove_uploaded(job.job_id)

    assert queued.status is JobStatus.QUEUED
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_a_request_that_fails_after_the_arrival_leaves_it_to_the_worker(account: Account) -> None:
    job = account.create_upload()
    account.written(input_key(job), photo())
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", AnswerLostError))

        left = account.remove_uploaded(job.job_id)

    assert left.status is JobStatus.PROCESSING
    assert [sent.message for sent in account.sent] == [message_for(job)]


def test_an_answer_in_another_format_than_the_uploads_is_refused_before_any_work(account: Account) -> None:
    job = account.create_upload()
    account.written(input_key(job), photo())

    with pytest.raises(NotAcceptableError):
        account.remove_uploaded(job.job_id, accepted="webp")

    assert account.jobs.get("anna", job.job_id).status is JobStatus.AWAITING_UPLOAD


def test_an_image_of_a_batch_is_no_upload(account: Account) -> None:
    (job,) = account.create_batch(None).jobs

    with pytest.raises(JobNotFoundError):
        account.remove_uploaded(job.job_id)
