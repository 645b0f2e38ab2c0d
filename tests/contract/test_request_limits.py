"""What requests take of their caller's limits, and what a caller hears of it."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from background_remover.domain.credits import purchase
from background_remover.openapi.routes import ROUTES
from tests.contract.deployment import USER, Deployment, event
from tests.contract.template import FUNCTIONS, PARAMETERS, RESOURCES, api_events
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

LIMITED = {route for _, route, _ in api_events() if route.split()[0] in ("POST", "DELETE")}


@pytest.fixture
def limits(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # its settings come first
    """As an operator may set them, and small."""
    for name, value in {
        "REQUESTS_PER_MINUTE": "60",
        "REQUEST_BURST": "3",
        "REMOVALS_AT_ONCE": "1",
        "UNCHARGED_A_DAY": "1",
    }.items():
        monkeypatch.setenv(name, value)


def upload(deployment: Deployment) -> Any:
    return deployment.invoke("UploadsFunction", event("upload"))


def told(answer: dict[str, Any], header: str) -> dict[str, int]:
    """The parameters of the one policy in a RateLimit field."""
    policy, *parameters = answer["headers"][header].split(";")
    assert policy == '"default"'
    return {name: int(value) for name, value in (parameter.split("=") for parameter in parameters)}


def in_limits_table() -> list[dict[str, Any]]:
    return boto3.client("dynamodb").scan(TableName="LimitsTable")["Items"]


def occupy(places: int) -> None:
    until = {"N": str(int(datetime.now(UTC).timestamp() * 1000) + 20_000)}
    boto3.client("dynamodb").put_item(
        TableName="LimitsTable", Item={"pk": {"S": USER}, **{f"place{number}": until for number in range(places)}}
    )


# ---- requests ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("limits")
def test_a_request_says_how_many_more_there_may_be(deployment: Deployment) -> None:
    answer = upload(deployment)

    assert answer["statusCode"] == 201
    assert told(answer, "RateLimit-Policy") == {"q": 3, "w": 3}
    assert told(answer, "RateLimit") == {"r": 2, "t": 1}


@pytest.mark.usefixtures("limits")
def test_beyond_the_burst_a_request_is_refused_and_counted_and_makes_nothing(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("dynamodb").put_item(
        TableName="LimitsTable",
        Item={"pk": {"S": USER}, "fullAt": {"N": str(int(datetime.now(UTC).timestamp() * 1000) + 600_000)}},
    )

    answer = upload(deployment)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "too_many_requests")
    assert 590 < int(answer["headers"]["Retry-After"]) <= 600
    assert told(answer, "RateLimit") == {"r": 0, "t": int(answer["headers"]["Retry-After"])}
    assert boto3.client("dynamodb").scan(TableName="JobsTable")["Items"] == []
    assert [entry.movement.kind for entry in deployment.ledger.entries(USER, limit=9, cursor=None)[0]] == ["bonus"]
    assert '"RequestsLimited":[1.0]' in capsys.readouterr().out


@pytest.mark.usefixtures("limits")
def test_a_request_that_is_refused_for_another_reason_counts(deployment: Deployment) -> None:
    answer = deployment.invoke("UploadsFunction", event("upload") | {"body": "{"})

    assert answer["statusCode"] == 400
    assert told(answer, "RateLimit")["r"] == 2


def test_reading_does_not_count(deployment: Deployment) -> None:
    deployment.queue_job()
    for function, name in (("JobsFunction", "jobs"), ("JobsFunction", "job"), ("CreditsFunction", "credits")):
        answer = deployment.invoke(function, event(name))
        assert answer["statusCode"] == 200
        assert "RateLimit" not in answer["headers"]
    assert in_limits_table() == []


def test_every_route_that_does_not_only_read_counts_and_its_description_says_so() -> None:
    # remove.bg's API tells of the same limit by headers of its own.
    assert {route.route for route in ROUTES if route.is_limited} == LIMITED - {"POST /v1.0/removebg"}
    writers = {function for function, route, _ in api_events() if route in LIMITED}
    for function in writers:
        role = json.dumps(RESOURCES[f"{function.removesuffix('Function')}Role"])
        assert "LimitsTable.Arn" in role, function


def test_a_batch_counts_by_its_images(deployment: Deployment) -> None:
    deployment.ledger.grant(USER, purchase(5000), reference="r", now=datetime.now(UTC))
    file = {"fileName": "a.jpg", "size": 1}
    request = event("batch") | {"body": json.dumps({"tier": "basic", "files": [file] * 40})}

    answer = deployment.invoke("BatchFunction", request)

    assert answer["statusCode"] == 201
    assert told(answer, "RateLimit")["r"] == PARAMETERS["RequestBurst"]["Default"] - 5


def test_the_largest_batch_is_let_through() -> None:
    assert PARAMETERS["RequestBurst"]["Default"] > 1 + 500 // 10


def test_while_the_limits_cannot_be_looked_at_requests_are_let_through(deployment: Deployment) -> None:
    boto3.client("dynamodb").delete_table(TableName="LimitsTable")

    answer = upload(deployment)

    assert answer["statusCode"] == 201
    assert "RateLimit" not in answer["headers"]


def test_a_page_of_another_origin_may_read_the_limits(deployment: Deployment) -> None:
    request = event("upload")
    request["headers"]["Origin"] = "https://example.com"

    exposed = deployment.invoke("UploadsFunction", request)["headers"]["Access-Control-Expose-Headers"].split(",")

    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


# ---- at once -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("limits")
def test_a_removal_gives_its_place_back(deployment: Deployment) -> None:
    for _ in range(2):
        assert deployment.invoke("RemoveFunction", event("remove"))["statusCode"] == 200
    (item,) = in_limits_table()
    assert "place0" not in item


@pytest.mark.usefixtures("limits")
def test_a_removal_that_fails_gives_its_place_back(deployment: Deployment) -> None:
    broken = event("remove") | {"body": base64.b64encode(b"no form").decode()}
    assert deployment.invoke("RemoveFunction", broken)["statusCode"] == 400
    (item,) = in_limits_table()
    assert "place0" not in item


@pytest.mark.usefixtures("limits")
def test_where_no_place_is_free_a_removal_is_taken_on_by_the_queue(deployment: Deployment) -> None:
    occupy(places=1)

    answer = deployment.invoke("RemoveFunction", event("remove"))

    assert answer["statusCode"] == 202
    assert answer["headers"]["Retry-After"] == "3"
    assert "Preference-Applied" not in answer["headers"]
    assert json.loads(answer["body"])["status"] == "queued"
    assert deployment.hugging_face.requests == []


@pytest.mark.usefixtures("limits")
def test_who_does_not_want_to_wait_needs_no_place(deployment: Deployment) -> None:
    request = event("remove")
    request["headers"]["Prefer"] = "Respond-Async"

    answer = deployment.invoke("RemoveFunction", request)

    assert answer["headers"]["Preference-Applied"] == "respond-async"
    assert not [name for item in in_limits_table() for name in item if name.startswith("place")]


# ---- uncharged inferences ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("limits")
def test_where_the_allowance_is_used_up_the_answer_says_so_and_credits_say_it_before(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.hugging_face.play(Fault("empty_matte"))
    assert deployment.invoke("RemoveFunction", event("remove"))["statusCode"] == 422

    credits = json.loads(deployment.invoke("CreditsFunction", event("credits"))["body"])
    answer = deployment.invoke("RemoveFunction", event("remove"))

    assert (credits["unchargedInferences"]["used"], credits["unchargedInferences"]["allowed"]) == (1, 1)
    resets_at = datetime.fromisoformat(credits["unchargedInferences"]["resetsAt"])
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "uncharged_allowance_used")
    until = (resets_at - datetime.now(UTC)).total_seconds()
    assert abs(int(answer["headers"]["Retry-After"]) - until) < 60
    assert credits["held"] == 0
    assert capsys.readouterr().out.count('"AllowanceRefusals":[1.0]') == 1


@pytest.mark.usefixtures("limits")
def test_an_uploaded_photo_that_is_refused_for_it_says_when_to_come_back(deployment: Deployment) -> None:
    awaiting = deployment.await_upload()
    deployment.put_photo(awaiting)
    deployment.hugging_face.play(Fault("empty_matte"))
    assert deployment.invoke("RemoveFunction", event("remove"))["statusCode"] == 422
    request = event("remove") | {"isBase64Encoded": False, "body": json.dumps({"uploadId": awaiting.job_id})}
    request["headers"] |= {"Content-Type": "application/json"}

    answer = deployment.invoke("RemoveFunction", request)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "uncharged_allowance_used")
    assert 1 <= int(answer["headers"]["Retry-After"]) <= 24 * 3600
    assert json.loads(answer["body"])["jobId"] == awaiting.job_id


# ---- the account's concurrency -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "parameter"),
    [
        ("RemoveFunction", "RemoveConcurrency"),
        ("ProcessImageFunction", "WorkerConcurrency"),
        ("FetchImageFunction", "FetchConcurrency"),
    ],
)
def test_of_the_accounts_concurrency_nothing_is_kept_unless_an_operator_says_so(function: str, parameter: str) -> None:
    condition, kept, otherwise = FUNCTIONS[function]["ReservedConcurrentExecutions"]["Fn::If"]
    assert (kept, otherwise) == ({"Ref": parameter}, {"Ref": "AWS::NoValue"})
    assert PARAMETERS[parameter]["Default"] == 0
    assert condition == f"{parameter}IsKept"
