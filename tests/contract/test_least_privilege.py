"""Least privilege: every function is granted what it does, and nothing else."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.deployment import JOB, USER, Deployment, event
from tests.contract.template import FUNCTIONS, RESOURCES, statements_of
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

Permission = tuple[str, str]
"""An action and a resource: a logical id, for the bucket's objects with their prefix."""

XRAY = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
# What Lambda does with the function's role, besides what the function does.
POLLING = {
    ("sqs:ReceiveMessage", "JobQueue"),
    ("sqs:DeleteMessage", "JobQueue"),
    ("sqs:GetQueueAttributes", "JobQueue"),
}
# With it a missing object is a 404, without it a 403: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
TELL_MISSING = {("s3:ListBucket", "ImagesBucket")}


def logging(function: str) -> set[Permission]:
    logs = f"{function.removesuffix('Function')}Logs"
    return {("logs:CreateLogStream", logs), ("logs:PutLogEvents", logs)}


def authorize(deployment: Deployment) -> None:
    with pytest.raises(Exception, match="Unauthorized"):
        deployment.invoke("AuthorizeFunction", event("authorize"))


def remove(deployment: Deployment) -> None:
    for headers in ({"Idempotency-Key": "once"}, {"Idempotency-Key": "once"}, {"Prefer": "respond-async"}):
        request = event("remove")
        request["headers"] |= headers
        assert deployment.invoke("RemoveFunction", request)["statusCode"] in (200, 202)


def process_image(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.hugging_face.play(Fault("cold_start", estimated_time=600))
    for _ in ("handed back", "completed", "repeated"):
        deployment.invoke("ProcessImageFunction", event("process_image"))
    assert deployment.jobs.get(USER, JOB).result


def jobs(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("JobsFunction", event("delete_job"))
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    deployment.invoke("JobsFunction", event("jobs"))
    assert "result" in deployment.invoke("JobsFunction", event("job"))["body"]


def credits(deployment: Deployment) -> None:
    deployment.invoke("CreditsFunction", event("credits"))


def nothing(_: Deployment) -> None:
    """Needs no AWS at all."""


@pytest.mark.parametrize(
    ("function", "work", "besides"),
    [
        ("AuthorizeFunction", authorize, set()),
        ("RemoveFunction", remove, set()),
        ("ProcessImageFunction", process_image, POLLING | TELL_MISSING),
        ("JobsFunction", jobs, set()),
        ("CreditsFunction", credits, set()),
        *((name, nothing, set()) for name in ("HealthFunction", "FallbackFunction")),
    ],
)
def test_a_role_grants_exactly_what_its_function_does(
    deployment: Deployment, function: str, work: Callable[[Deployment], None], besides: set[Permission]
) -> None:
    work(deployment)

    used = {permission for call in deployment.calls_of(function) for permission in permissions_for(*call)}
    assert granted(function) == used | besides | XRAY | logging(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_role_has_a_wildcard_but_for_xray(function: str) -> None:
    assert not [action for action, _ in granted(function) if "*" in action]
    assert {permission for permission in granted(function) if permission[1] == "*"} == XRAY


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_can_be_assumed_by_lambda_only_and_has_no_managed_policy(function: str) -> None:
    role = RESOURCES[f"{function.removesuffix('Function')}Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert set(role) == {"AssumeRolePolicyDocument", "Policies"}


def granted(function: str) -> set[Permission]:
    assert all(statement["Effect"] == "Allow" for statement in statements_of(function))
    return {
        (action, named(resource))
        for statement in statements_of(function)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def named(resource: Any) -> str:
    """Raises `ValueError` for anything but a resource of this template or `*`."""
    match resource:
        case "*":
            return "*"
        case {"Fn::GetAtt": str(attribute)} if (name := attribute.partition(".")[0]) in RESOURCES:
            return name
        case {"Fn::Sub": str(text)} if match := re.fullmatch(r"arn:\$\{AWS::Partition\}:s3:::\$\{(\w+)\}(/.+)?", text):
            return f"{match[1]}{match[2] or ''}"
        case _:
            raise ValueError(f"not a resource of this template: {resource}")


def permissions_for(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    """What IAM checks when the call is made: https://docs.aws.amazon.com/service-authorization/latest/reference/."""
    match operation:
        case "dynamodb:TransactWriteItems":
            for action in parameters["TransactItems"]:
                ((kind, write),) = action.items()
                yield f"dynamodb:{kind}Item", write["TableName"]
        case "s3:DeleteObjects":
            for item in parameters["Delete"]["Objects"]:
                yield "s3:DeleteObject", prefix_of(item["Key"])
        case "s3:GetObject" | "s3:PutObject":
            yield operation, prefix_of(parameters["Key"])
        case "sqs:SendMessage":
            yield operation, parameters["QueueUrl"].rpartition("/")[2]
        case "secretsmanager:GetSecretValue":
            yield operation, parameters["SecretId"]
        case _:
            yield operation, parameters["TableName"]


def prefix_of(key: str) -> str:
    return f"ImagesBucket/{key.partition('/')[0]}/*"
