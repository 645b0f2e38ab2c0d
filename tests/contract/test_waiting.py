"""`Prefer: wait=…`: answers that come when there is something to tell."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from background_remover.use_cases import wait
from tests.contract.deployment import USER, Deployment, event, message
from tests.contract.template import PARAMETERS
from tests.contract.test_request_limits import in_limits_table, occupy
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PLACES = PARAMETERS["RemovalsAtOnce"]["Default"]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "FIRST_PAUSE", 0)


def asking(name: str, *, prefer: str | None = None, **query: str) -> dict[str, Any]:
    request = event(name)
    if prefer:
        request["headers"]["Prefer"] = prefer
    if query:
        request["multiValueQueryStringParameters"] = {field: [value] for field, value in query.items()}
    return request


def meanwhile(act: Callable[[], Any], *, read: int) -> Callable[[], None]:
    """Acts before the read of that number."""
    reads = iter(range(1, 1000))

    def before_read() -> None:
        if next(reads) == read:
            act()

    return before_read


@pytest.mark.parametrize("how", [{"prefer": "wait=20"}, {"wait": "20"}, {"prefer": 'respond-async, Wait = "20"'}])
def test_a_job_is_answered_when_it_has_ended(deployment: Deployment, how: dict[str, str]) -> None:
    deployment.queue_job()
    work = meanwhile(lambda: deployment.invoke("ProcessImageFunction", event("process_image")), read=4)

    with deployment.before("dynamodb:GetItem", work):
        answer = deployment.invoke("JobsFunction", asking("job", **how))

    assert json.loads(answer["body"])["status"] == "completed"
    assert answer["headers"]["Preference-Applied"] == "wait=20"


def test_a_batch_is_answered_when_its_last_job_has_ended(deployment: Deployment) -> None:
    first, last = deployment.queue_batch(2)
    deployment.invoke("ProcessImageFunction", message("process_image", first))
    work = meanwhile(lambda: deployment.invoke("ProcessImageFunction", message("process_image", last)), read=4)

    with deployment.before("dynamodb:GetItem", work):
        answer = deployment.invoke("BatchFunction", asking("show_batch", prefer="wait=600"))

    shown = json.loads(answer["body"])
    assert (shown["status"], [item["status"] for item in shown["items"]]) == ("completed", ["completed"] * 2)
    assert answer["headers"]["Preference-Applied"] == "wait=20"


def test_nobody_waits_to_hear_that_a_cursor_is_refused(deployment: Deployment) -> None:
    deployment.queue_batch(2)
    reads: list[None] = []

    with deployment.before("dynamodb:GetItem", lambda: reads.append(None)):
        answer = deployment.invoke("BatchFunction", asking("show_batch", wait="20", cursor="no cursor"))

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "malformed_cursor")
    assert len(reads) == 1


def test_who_waits_keeps_a_place_until_the_answer_and_no_token(deployment: Deployment) -> None:
    deployment.queue_job()
    seen: list[dict[str, Any]] = []

    def look_and_work() -> None:
        seen.extend(in_limits_table())
        deployment.invoke("ProcessImageFunction", event("process_image"))

    with deployment.before("dynamodb:GetItem", meanwhile(look_and_work, read=3)):
        answer = deployment.invoke("JobsFunction", asking("job", wait="20"))

    assert len([name for item in seen for name in item if name.startswith("place")]) == 1
    assert not [name for item in in_limits_table() for name in item if name.startswith("place")]
    assert "RateLimit" not in answer["headers"]


def test_where_no_place_is_free_a_get_is_answered_at_once(deployment: Deployment) -> None:
    deployment.queue_job()
    occupy(PLACES)

    answer = deployment.invoke("JobsFunction", asking("job", prefer="wait=20"))

    assert json.loads(answer["body"])["status"] == "queued"
    assert "Preference-Applied" not in answer["headers"]


def test_while_the_limits_cannot_be_looked_at_a_get_is_answered_at_once(deployment: Deployment) -> None:
    deployment.queue_job()
    boto3.client("dynamodb").delete_table(TableName="LimitsTable")

    answer = deployment.invoke("JobsFunction", asking("job", prefer="wait=20"))

    assert (answer["statusCode"], "Preference-Applied" in answer["headers"]) == (200, False)


def test_what_has_ended_needs_no_place(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))

    answer = deployment.invoke("JobsFunction", asking("job", wait="5"))

    assert answer["headers"]["Preference-Applied"] == "wait=5"
    assert in_limits_table() == []


@pytest.mark.parametrize("seconds", ["21", "-1", "soon"])
def test_a_query_that_asks_for_another_wait_is_refused(deployment: Deployment, seconds: str) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", asking("job", wait=seconds))

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "invalid_parameter")


@pytest.mark.parametrize("prefer", ["wait=soon", "wait=-1", "wait=", "waiting=20", "handling=lenient"])
def test_a_preference_that_is_not_understood_is_ignored(deployment: Deployment, prefer: str) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", asking("job", prefer=prefer))

    assert (answer["statusCode"], "Preference-Applied" in answer["headers"]) == (200, False)


# ---- POST /remove --------------------------------------------------------------------------------------------------


def test_a_removal_that_goes_to_the_queue_waits_for_the_worker(deployment: Deployment) -> None:
    deployment.hugging_face.play(Fault("cold_start"))
    done: list[str] = []

    def work() -> None:
        jobs, _ = deployment.jobs.page(USER, limit=2, cursor=None, status=None, tier=None)
        if jobs and jobs[0].status == "queued" and not done:
            done.append(jobs[0].job_id)
            deployment.invoke("ProcessImageFunction", message("process_image", jobs[0]))

    with deployment.before("dynamodb:GetItem", work):
        answer = deployment.invoke("RemoveFunction", asking("remove", prefer="wait=15"))

    assert (answer["statusCode"], json.loads(answer["body"])["jobId"]) == (200, done[0])
    assert answer["headers"]["Preference-Applied"] == "wait=15"


def test_a_removal_that_prefers_no_wait_is_queued_at_once(deployment: Deployment) -> None:
    answer = deployment.invoke("RemoveFunction", asking("remove", prefer="wait=0"))

    assert answer["statusCode"] == 202
    assert answer["headers"]["Preference-Applied"] == "wait=0"
    assert deployment.hugging_face.requests == []


def test_a_removal_without_a_place_does_not_wait(deployment: Deployment) -> None:
    occupy(PLACES)

    answer = deployment.invoke("RemoveFunction", asking("remove", prefer="wait=20"))

    assert (answer["statusCode"], "Preference-Applied" in answer["headers"]) == (202, False)
