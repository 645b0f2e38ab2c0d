"""Every file in events/ fits the function that it is for."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from PIL import Image

from background_remover import observability
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.object_store import result_key
from tests.contract.deployment import JOB, SIGNUP_CREDITS, USER, Deployment, event
from tests.contract.template import API, CATCH_ALL, PROJECT, api_events

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

TRIGGERS_OF_THE_API = ["remove", "jobs", "job", "delete_job", "credits", "health"]


def test_the_key_of_authorize_json_lets_its_owner_in(deployment: Deployment) -> None:
    token = event("authorize")["authorizationToken"].removeprefix("Bearer ")
    entropy = base64.urlsafe_b64decode(token.removeprefix("brp_") + "=")
    assert deployment.api_keys.create(USER, name="sam local", entropy=entropy, now=datetime.now(UTC)) == token

    decision = deployment.invoke("AuthorizeFunction", event("authorize"))

    assert decision["context"] == {"userId": USER}
    (statement,) = decision["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == event("authorize")["methodArn"].partition("/live/")[0] + "/live/*"


def test_a_key_that_nobody_made_is_refused(deployment: Deployment) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        deployment.invoke("AuthorizeFunction", event("authorize"))


def test_remove_json_gets_its_image_cut_out(deployment: Deployment) -> None:
    answer = deployment.invoke("RemoveFunction", event("remove"))

    assert answer["statusCode"] == 200, answer["body"]
    job = json.loads(answer["body"])
    assert (job["status"], job["tier"], job["fileName"]) == ("completed", "standard", "portrait.png")
    result = deployment.objects.get(result_key(deployment.jobs.get(USER, job["jobId"])))
    assert result
    assert Image.open(io.BytesIO(result)).size == (64, 64)


def test_process_image_json_completes_the_job_that_it_names(deployment: Deployment) -> None:
    deployment.queue_job()

    assert deployment.invoke("ProcessImageFunction", event("process_image")) == {"batchItemFailures": []}
    assert deployment.jobs.get(USER, JOB).status is JobStatus.COMPLETED


def test_process_image_json_is_done_with_when_its_job_is_gone(deployment: Deployment) -> None:
    assert deployment.invoke("ProcessImageFunction", event("process_image")) == {"batchItemFailures": []}


def test_a_message_that_cannot_be_processed_fails_the_invocation_and_is_logged(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the worker's alarm counts it and an operator finds out why."""
    broken = event("process_image")
    broken["Records"][0]["body"] = "this is no job"
    observability.logger.addHandler(caplog.handler)
    with pytest.raises(BatchProcessingError):
        deployment.invoke("ProcessImageFunction", broken)
    assert "The job could not be processed" in caplog.messages


def test_jobs_json_lists_the_users_jobs(deployment: Deployment) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", event("jobs"))

    assert answer["statusCode"] == 200
    assert [job["jobId"] for job in json.loads(answer["body"])["jobs"]] == [JOB]


def test_job_json_shows_its_job(deployment: Deployment) -> None:
    deployment.queue_job()

    answer = deployment.invoke("JobsFunction", event("job"))

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "queued")


def test_job_json_is_404_without_its_job(deployment: Deployment) -> None:
    answer = deployment.invoke("JobsFunction", event("job"))

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "job_not_found")


def test_delete_job_json_erases_its_job(deployment: Deployment) -> None:
    deployment.queue_job()

    assert deployment.invoke("JobsFunction", event("delete_job"))["statusCode"] == 204
    assert deployment.invoke("JobsFunction", event("job"))["statusCode"] == 404


def test_credits_json_shows_the_signup_credits(deployment: Deployment) -> None:
    answer = deployment.invoke("CreditsFunction", event("credits"))

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["available"] == SIGNUP_CREDITS


def test_health_json_is_answered_with_ok(deployment: Deployment) -> None:
    answer = deployment.invoke("HealthFunction", event("health"))

    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "ok")


def test_preflight_json_is_told_which_methods_there_are(deployment: Deployment) -> None:
    answer = deployment.invoke("FallbackFunction", event("preflight"))

    assert (answer["statusCode"], answer["headers"]["Access-Control-Allow-Methods"]) == (204, "GET")
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://example.com"


def test_there_is_an_event_for_each_trigger_and_no_other() -> None:
    triggers = {*TRIGGERS_OF_THE_API, "preflight", "authorize", "process_image"}
    assert {file.stem for file in (PROJECT / "events").iterdir()} == triggers


def test_the_events_of_the_api_are_its_routes() -> None:
    requests = [event(name) for name in TRIGGERS_OF_THE_API]
    routes = {route for _, route, _ in api_events() if not route.startswith("OPTIONS") and route != CATCH_ALL}
    assert {f"{request['httpMethod']} {request['resource']}" for request in requests} == routes


@pytest.mark.parametrize("name", [*TRIGGERS_OF_THE_API, "preflight"])
def test_an_event_of_the_api_agrees_with_itself(name: str) -> None:
    request = event(name)
    context = request["requestContext"]
    assert request["path"] == request["resource"].replace("{jobId}", JOB)
    assert context["path"] == f"/{API['StageName']}{request['path']}"
    assert (context["resourcePath"], context["httpMethod"]) == (request["resource"], request["httpMethod"])
    assert request["multiValueHeaders"] == {header: [value] for header, value in request["headers"].items()}


def test_process_image_json_comes_from_the_queues_own_writer() -> None:
    (record,) = event("process_image")["Records"]
    assert json.loads(record["body"]) == {"userId": USER, "jobId": JOB}
    assert record["attributes"]["MessageGroupId"] == USER
