import io
import json
import time
import zipfile
from typing import Any

import pytest
import requests

from tests.e2e.caller import PATIENCE_SECONDS, Caller, photo
from tests.project import PROJECT
from tests.stack.local_stack import LocalStack


def create_batch(caller: Caller, *names: str, **headers: str) -> dict[str, Any]:
    files = [{"fileName": name, "contentType": "image/png", "size": 1000} for name in names]
    answer = caller.http.post(
        f"{caller.routes}/batch", json={"tier": "basic", "files": files}, headers=headers, timeout=30
    )
    assert answer.status_code == 201, answer.text
    batch: dict[str, Any] = answer.json()
    return batch


def upload(item: dict[str, Any], content: bytes) -> requests.Response:
    form = item["upload"]
    return requests.post(form["url"], data=form["fields"], files={"file": content}, timeout=30)


def test_an_upload_starts_its_job_by_itself(caller: Caller) -> None:
    answer = caller.http.post(
        f"{caller.routes}/uploads", json={"tier": "basic", "contentType": "image/png"}, timeout=30
    )
    job = answer.json()
    assert (answer.status_code, job["status"], caller.balance()) == (201, "awaiting_upload", (27, 3))

    assert upload(job, photo()).ok

    assert caller.outcome(job["jobId"])["status"] == "completed"
    assert caller.balance() == (27, 0)


@pytest.mark.parametrize("said", [{}, {"contentType": ""}, {"contentType": "image/jpg"}, {"contentType": "text/html"}])
def test_a_browser_may_say_of_a_photo_what_it_likes(caller: Caller, said: dict[str, str]) -> None:
    job = caller.http.post(f"{caller.routes}/uploads", json={"tier": "basic", **said}, timeout=30).json()

    assert upload(job, photo()).ok

    assert job["upload"]["fields"]["Content-Type"] in ("application/octet-stream", "image/jpeg")
    assert caller.outcome(job["jobId"])["source"]["contentType"] == "image/png"


def test_an_uploaded_photo_is_answered_with_its_cut_out(caller: Caller) -> None:
    job = caller.http.post(
        f"{caller.routes}/uploads", json={"tier": "basic", "contentType": "image/png"}, timeout=30
    ).json()

    def remove() -> requests.Response:
        return caller.http.post(
            f"{caller.routes}/remove", json={"uploadId": job["jobId"]}, headers={"Accept": "image/png"}, timeout=30
        )

    missing = remove()
    upload(job, photo())

    answer = remove()

    assert (missing.status_code, missing.json()["code"]) == (409, "upload_missing")
    assert answer.status_code in (200, 202)  # 202 where the worker was quicker to begin.
    assert caller.outcome(job["jobId"])["status"] == "completed"
    assert caller.balance() == (27, 0)


def test_an_upload_of_another_type_is_refused_by_s3(caller: Caller) -> None:
    job = caller.http.post(
        f"{caller.routes}/uploads", json={"tier": "basic", "contentType": "image/png"}, timeout=30
    ).json()
    job["upload"]["fields"]["Content-Type"] = "image/webp"

    assert upload(job, photo()).status_code == 403


def test_an_upload_that_is_too_large_is_refused_by_s3(caller: Caller) -> None:
    job = caller.http.post(
        f"{caller.routes}/uploads", json={"tier": "basic", "contentType": "image/png"}, timeout=30
    ).json()

    assert upload(job, bytes(10_000_001)).status_code == 400
    assert caller.files() == []


def test_a_batch_is_delivered_as_a_zip_and_a_corrupt_photo_gives_its_credits_back(caller: Caller) -> None:
    batch = create_batch(caller, "cat.png", "cat.png", "broken.png")
    assert caller.balance() == (21, 9)
    for item, content in zip(batch["items"], (photo(), photo(32, 32), b"no photo"), strict=True):
        assert upload(item, content).ok

    ended = caller.batch_outcome(batch["batchId"])

    assert (ended["status"], ended["credits"]["charged"], ended["credits"]["released"]) == ("partial", 6, 3)
    assert caller.balance() == (24, 0)
    download = caller.get(f"batch/{batch['batchId']}/download").json()
    content = requests.get(download["zipUrl"], timeout=30).content
    assert len(content) == download["zipSize"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"cat.png", "cat (2).png", "manifest.json"}


def test_who_accepts_a_zip_is_sent_to_it(caller: Caller) -> None:
    files = [("images", ("a.png", photo())), ("images", ("b.png", photo()))]
    created = caller.http.post(f"{caller.routes}/batch", data={"tier": "basic"}, files=files, timeout=30)
    assert created.status_code == 201, created.text
    batch = created.json()
    caller.batch_outcome(batch["batchId"])

    answer = caller.http.get(
        f"{caller.routes}/batch/{batch['batchId']}/download",
        headers={"Accept": "application/zip"},
        allow_redirects=False,
        timeout=30,
    )

    assert answer.status_code == 302
    assert zipfile.is_zipfile(io.BytesIO(requests.get(answer.headers["Location"], timeout=30).content))


def test_a_zip_that_is_not_ready_is_409_with_when_to_ask_again(caller: Caller) -> None:
    batch = create_batch(caller, "cat.png")

    answer = caller.get(f"batch/{batch['batchId']}/download")

    assert (answer.status_code, answer.json()["code"]) == (409, "archive_not_ready")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_cancelled_batch_gives_its_credits_back(caller: Caller) -> None:
    batch = create_batch(caller, *(f"{number}.png" for number in range(5)))

    answer = caller.http.post(f"{caller.routes}/batch/{batch['batchId']}/cancel", timeout=30)

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert caller.balance() == (30, 0)
    assert caller.get(f"batch/{batch['batchId']}/download").json()["code"] == "nothing_to_download"


def test_a_batch_that_costs_too_much_is_refused_whole(caller: Caller) -> None:
    files = [{"fileName": f"{number}.png", "contentType": "image/png", "size": 1000} for number in range(11)]
    answer = caller.http.post(f"{caller.routes}/batch", json={"tier": "basic", "files": files}, timeout=30)

    assert (answer.status_code, answer.json()["required"], answer.json()["available"]) == (402, 33, 30)
    assert caller.get("jobs").json()["jobs"] == []


def test_a_strangers_batch_is_not_found(caller: Caller, stranger: Caller) -> None:
    batch = create_batch(caller, "cat.png")

    assert stranger.get(f"batch/{batch['batchId']}").status_code == 404


def test_a_repeat_with_the_same_key_gets_the_same_batch(caller: Caller) -> None:
    key = {"Idempotency-Key": "once"}

    first, second = create_batch(caller, "cat.png", **key), create_batch(caller, "cat.png", **key)

    assert first["batchId"] == second["batchId"]
    assert caller.balance() == (27, 3)


def test_a_file_in_the_dropbox_becomes_a_job(caller: Caller, stack: LocalStack) -> None:
    caller.balance()
    stack.emulator.client("s3").put_object(
        Bucket=stack.outputs["BucketName"], Key=f"dropbox/{caller.user.user_id}/basic/a photo.png", Body=photo()
    )

    job = first_job(caller)
    assert (job["status"], job["fileName"]) == ("completed", "a photo.png")
    assert caller.balance() == (27, 0)
    assert [key for key in caller.files() if key.startswith("dropbox/")] == []


def test_a_file_in_the_dropbox_of_an_unknown_tier_is_a_failed_job_that_says_so(
    caller: Caller, stack: LocalStack
) -> None:
    caller.balance()
    stack.emulator.client("s3").put_object(
        Bucket=stack.outputs["BucketName"], Key=f"dropbox/{caller.user.user_id}/gold/a.png", Body=photo()
    )

    assert first_job(caller)["error"]["code"] == "unknown_tier"
    assert caller.balance() == (30, 0)


def test_a_refused_file_takes_nothing_with_it_that_was_dropped_after_it(caller: Caller, stack: LocalStack) -> None:
    """The event of the first write comes when the second lies there already; only the second fits."""
    caller.balance()
    s3, bucket = stack.emulator.client("s3"), stack.outputs["BucketName"]
    key = f"dropbox/{caller.user.user_id}/basic/a.png"
    with stack.paused("ProcessImageFunction"):
        etag = s3.put_object(Bucket=bucket, Key=key, Body=photo())["ETag"].strip('"')
        event = json.loads((PROJECT / "events/dropped.json").read_text())
        event["Records"][0]["s3"]["object"] |= {"key": key, "size": 12_000_000, "eTag": "0" * 32}
        stack.invoke("OnUploadFunction", event)
    refused, taken = ended_jobs(caller, 2)

    assert etag != "0" * 32
    assert {refused["status"], taken["status"]} == {"failed", "completed"}
    assert caller.balance() == (27, 0)


def ended_jobs(caller: Caller, number: int) -> list[dict[str, Any]]:
    """So many jobs of the caller's, once they are there and have ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        jobs = caller.get("jobs").json()["jobs"]
        if len(jobs) == number:
            return [caller.outcome(job["jobId"]) for job in jobs]
        time.sleep(0.2)
    raise AssertionError(f"the dropped files became {len(jobs)} jobs")


def first_job(caller: Caller) -> dict[str, Any]:
    """The caller's only job, once it has ended."""
    (job,) = ended_jobs(caller, 1)
    return job
