"""Images by URL in the whole stack, which reaches no server but its own: loopback is no public address here either.

A success, from the request to the cut-out, stands in `tests/contract/test_fetched_images.py`; the step into the bucket,
by a link that IAM looks at, here.
"""

from __future__ import annotations

import pytest

from tests.e2e.caller import Caller, photo
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.e2e.test_batches import upload
from tests.e2e.test_refusals import assert_nothing_happened, assert_refused
from tests.integration.fetching.function import fetch_image
from tests.integration.fetching.web import HOST, Web, ok
from tests.stack.local_stack import LocalStack

NOWHERE = "https://nowhere.invalid/cat.jpg"
"""https://www.rfc-editor.org/rfc/rfc6761#section-6.4"""


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "http://example.com/cat.jpg"])
def test_a_url_that_we_do_not_go_to_is_refused(caller: Caller, url: str) -> None:
    assert_refused(caller.post("remove", {"imageUrl": url, "tier": "basic"}), 422, "invalid_parameter")
    assert_nothing_happened(caller)


def test_an_image_that_cannot_be_fetched_fails_and_costs_nothing(caller: Caller) -> None:
    answer = caller.post("remove", {"imageUrl": NOWHERE, "tier": "basic"})

    assert_refused(answer, 422, "image_not_fetched")
    job = caller.get(f"jobs/{answer.json()['jobId']}").json()
    assert (job["status"], job["error"]["code"]) == ("failed", "image_not_fetched")
    assert (caller.balance(), caller.files()) == ((SIGNUP_CREDITS, 0), [])


def test_a_batch_goes_on_without_the_images_that_cannot_be_fetched(caller: Caller) -> None:
    files = [{"imageUrl": NOWHERE}, {"fileName": "cat.png", "size": len(photo())}]
    created = caller.post("batch", {"tier": "basic", "files": files}).json()
    fetched, uploaded = created["items"]
    assert upload(uploaded, photo()).ok

    batch = caller.batch_outcome(created["batchId"])

    assert batch["status"] == "partial"
    assert {item["jobId"]: item["status"] for item in batch["items"]} == {
        fetched["jobId"]: "failed",
        uploaded["jobId"]: "completed",
    }


def test_the_bucket_takes_what_is_fetched_by_a_link_and_tells_nobody(stack: LocalStack, caller: Caller) -> None:
    """The function runs in this process, as the stack's own reaches no server."""
    job = caller.post("uploads", {"tier": "basic"}).json()
    key = job["upload"]["fields"]["key"]
    bucket = stack.outputs["BucketName"]
    signed = {"Bucket": bucket, "Key": key, "ContentType": "application/octet-stream"}
    link = stack.emulator.client("s3").generate_presigned_url("put_object", Params=signed)

    with Web(ok(photo())).serving() as web:
        assert fetch_image(web, f"https://{HOST}/cat.png", link) == {"size": len(photo())}

    assert stack.emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == photo()
    stack.drop_jobs()
    assert caller.get(f"jobs/{job['jobId']}").json()["status"] == "awaiting_upload"
