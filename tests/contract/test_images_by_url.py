"""`imageUrl` from the request to the function that fetches, and what it may do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
import pytest

from background_remover.domain.credits import purchase
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.object_store import input_key
from tests.contract.deployment import BUCKET, USER, Deployment, event, message
from tests.contract.template import FUNCTIONS, PARAMETERS, statements_of

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

CAT = "https://images.example.com/a%20cat.png?key=secret"
NOT_THERE = {"code": "image_not_fetched", "detail": "The server of the image answers with status 404.", "members": {}}


def asked(body: dict[str, Any], *, route: str = "remove") -> dict[str, Any]:
    request = event(route) | {"isBase64Encoded": False, "body": json.dumps(body)}
    request["headers"] |= {"Content-Type": "application/json"}
    return request


def storing(orders: list[dict[str, Any]], photo: bytes, order: dict[str, Any]) -> dict[str, Any]:
    """The function that fetches images, on a day when all goes well."""
    orders.append(order)
    key = order["storeAt"].partition("?")[0].partition("/inputs/")[2]
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"inputs/{key}", Body=photo)
    return {"Payload": {"size": len(photo)}}


@pytest.fixture
def photo(deployment: Deployment) -> bytes:
    content = deployment.objects.get(input_key(deployment.queue_job("another")))
    assert content
    return content


def test_an_image_by_url_is_cut_out_and_called_what_its_url_ends_with(deployment: Deployment, photo: bytes) -> None:
    orders: list[dict[str, Any]] = []
    with deployment.versions(partial(storing, orders, photo)):
        answer = deployment.invoke("RemoveFunction", asked({"imageUrl": CAT, "tier": "standard"}))

    job = json.loads(answer["body"])
    assert (answer["statusCode"], job["status"], job["fileName"]) == (200, "completed", "a cat.png")
    assert "secret" not in answer["body"]
    (order,) = orders
    assert order["url"] == CAT
    assert f"/inputs/{USER}/{job['jobId']}?" in order["storeAt"]
    assert "X-Amz-Expires=60" in order["storeAt"]


def test_an_image_by_url_is_answered_itself_if_that_is_asked_for(deployment: Deployment, photo: bytes) -> None:
    request = asked({"imageUrl": CAT, "tier": "standard", "fileName": "mine.png"})
    request["headers"] |= {"Accept": "image/png"}
    with deployment.versions(partial(storing, [], photo)):
        answer = deployment.invoke("RemoveFunction", request)

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "image/png")


def test_what_cannot_be_fetched_is_a_problem_with_its_job_and_costs_nothing(deployment: Deployment) -> None:
    before = deployment.ledger.existing_balance(USER)
    with deployment.versions(lambda _: {"Payload": NOT_THERE}):
        answer = deployment.invoke("RemoveFunction", asked({"imageUrl": CAT, "tier": "standard"}))

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (422, "image_not_fetched")
    assert problem["detail"] == "The server of the image answers with status 404. Nothing was charged."
    assert deployment.jobs.get(USER, problem["jobId"]).status is JobStatus.FAILED
    assert deployment.ledger.existing_balance(USER) == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://images.example.com/cat.png", "does not begin with https://"),
        ("https://127.0.0.1/", "names its host by an IP address; use the host's name"),
        ("https://images.example.com:22/", "names another port than 443"),
        ("https://me:secret@images.example.com/", "has a user name or password in it"),
    ],
)
def test_a_url_that_we_do_not_go_to_makes_no_job(deployment: Deployment, url: str, says: str) -> None:
    answer = deployment.invoke("RemoveFunction", asked({"imageUrl": url, "tier": "standard"}))

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (422, "invalid_parameter")
    assert problem["errors"] == [{"field": "imageUrl", "message": f"Value error, {says}"}]
    assert deployment.jobs.page(USER, limit=1, cursor=None, status=None, tier=None)[0] == []


def test_an_image_and_its_url_are_one_too_many(deployment: Deployment) -> None:
    answer = deployment.invoke("RemoveFunction", asked({"imageUrl": CAT, "image": "aGVsbG8=", "tier": "standard"}))

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "invalid_parameter")


def test_a_batch_has_its_images_fetched_by_the_worker(deployment: Deployment, photo: bytes) -> None:
    files = [{"imageUrl": CAT}, {"imageUrl": CAT, "fileName": "mine.png"}, {"fileName": "b.png", "size": 3}]
    answer = deployment.invoke("BatchFunction", asked({"tier": "standard", "files": files}, route="batch"))

    assert answer["statusCode"] == 201, answer["body"]
    assert "secret" not in answer["body"]
    items = json.loads(answer["body"])["items"]
    assert [(item["fileName"], item["status"], "upload" in item) for item in items] == [
        ("a cat.png", "queued", False),
        ("mine.png", "queued", False),
        ("b.png", "awaiting_upload", True),
    ]
    job = deployment.jobs.get(USER, items[0]["jobId"])
    with deployment.versions(partial(storing, [], photo)):
        deployment.invoke("ProcessImageFunction", message("process_image", job))
    assert deployment.jobs.get(USER, job.job_id).status is JobStatus.COMPLETED


def test_a_file_of_a_batch_that_has_neither_a_url_nor_a_size_is_named(deployment: Deployment) -> None:
    files = [{"imageUrl": CAT, "size": 3}, {"fileName": "b.png"}, {"imageUrl": "https://10.0.0.1/"}]
    answer = deployment.invoke("BatchFunction", asked({"tier": "standard", "files": files}, route="batch"))

    assert [fault["field"] for fault in json.loads(answer["body"])["errors"]] == [
        "files.0.size",
        "files.1.size",
        "files.2.imageUrl",
    ]


def test_of_a_batch_four_images_by_url_count_as_a_request(deployment: Deployment) -> None:
    deployment.ledger.grant(USER, purchase(500), reference="for all images", now=datetime.now(UTC))

    answer = deployment.invoke(
        "BatchFunction", asked({"tier": "basic", "files": [{"imageUrl": CAT}] * 40}, route="batch")
    )

    left = int(answer["headers"]["RateLimit"].split(";")[1].removeprefix("r="))
    # The request's own token may have come back before the ten of its images are taken.
    assert PARAMETERS["RequestBurst"]["Default"] - left in (10, 11)


def test_a_batch_of_five_hundred_fits_into_what_a_user_may_ask_at_once() -> None:
    assert PARAMETERS["RequestBurst"]["Default"] >= 1 + 500 // 4


def test_fetch_image_json_is_refused(deployment: Deployment) -> None:
    answer = deployment.invoke("FetchImageFunction", event("fetch_image"))

    assert answer["code"] == "image_url_refused"
    assert deployment.calls_of("FetchImageFunction") == []


def test_the_function_that_fetches_may_write_its_logs_and_traces_and_nothing_else() -> None:
    granted = {action for statement in statements_of("FetchImageFunction") for action in statement["Action"]}
    assert granted == {
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    }


def test_the_function_that_fetches_has_no_secret_in_its_environment() -> None:
    assert "Environment" not in FUNCTIONS["FetchImageFunction"]


def test_a_fetch_ends_before_the_request_that_waits_for_it() -> None:
    assert 10 + 5 < FUNCTIONS["FetchImageFunction"]["Timeout"] < FUNCTIONS["RemoveFunction"]["Timeout"]
