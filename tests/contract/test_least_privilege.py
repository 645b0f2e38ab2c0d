"""Least privilege: every function is granted what it does, and nothing else."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from background_remover.domain.jobs import Job, item_id
from background_remover.gateways.object_store import input_key
from tests.contract.deployment import BATCH, JOB, USER, Deployment, event, message
from tests.contract.template import FUNCTIONS, RESOURCES, statements_of
from tests.stack.hugging_face import Fault

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

OWN_ARN: str = "arn:${AWS::Partition}:s3:::" + RESOURCES["ImagesBucket"]["Properties"]["BucketName"]["Fn::Sub"]

Permission = tuple[str, str]
"""An action and a resource: a logical id, for the bucket's objects with their prefix."""

XRAY = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}


# What Lambda does with the function's role, besides what the function does.
def polling(queue: str) -> set[Permission]:
    return {(f"sqs:{action}", queue) for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}


# Lambda sends what it could not invoke the function with.
LETTERS = {("sqs:SendMessage", "JobDeadLetterQueue")}
# What S3 checks of who signed a form or aborts a half upload.
FORMS = {("s3:PutObject", "ImagesBucket/inputs/*")}
# With it a missing object is a 404, without it a 403: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
TELL_MISSING = {("s3:ListBucket", "ImagesBucket")}


def logging(function: str) -> set[Permission]:
    logs = f"{function.removesuffix('Function')}Logs"
    return {("logs:CreateLogStream", logs), ("logs:PutLogEvents", logs)}


def authorize(deployment: Deployment) -> None:
    deployment.make_api_key()
    deployment.invoke("AuthorizeFunction", event("authorize"))


def api_keys(deployment: Deployment) -> None:
    deployment.make_api_key()
    for name, status in (("create_api_key", 201), ("api_keys", 200), ("delete_api_key", 204)):
        assert deployment.invoke("ApiKeysFunction", event(name))["statusCode"] == status


def remove(deployment: Deployment) -> None:
    for headers in ({"Idempotency-Key": "once"}, {"Idempotency-Key": "once"}, {"Prefer": "respond-async"}):
        request = event("remove")
        request["headers"] |= headers
        assert deployment.invoke("RemoveFunction", request)["statusCode"] in (200, 202)
    awaiting = deployment.await_upload()
    deployment.objects.put(input_key(awaiting), b"no photo", "image/png")
    request = event("remove") | {"isBase64Encoded": False, "body": json.dumps({"uploadId": awaiting.job_id})}
    request["headers"] |= {"Content-Type": "application/json"}
    request["multiValueHeaders"] |= {"Content-Type": ["application/json"]}
    assert deployment.invoke("RemoveFunction", request)["statusCode"] == 415
    deployment.pay_for_plan()
    deployment.invoke("RemoveFunction", event("remove"))


def process_image(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.hugging_face.play(Fault("cold_start", estimated_time=600))
    for _ in ("handed back", "completed", "repeated"):
        deployment.invoke("ProcessImageFunction", event("process_image"))
    assert deployment.jobs.get(USER, JOB).result
    deliver(deployment, deployment.queue_batch(2))
    deployment.pay_for_plan()
    covered = deployment.queue_job("covered")
    deployment.objects.delete([input_key(covered)])
    deliver(deployment, [covered])


def deliver(deployment: Deployment, jobs: list[Job]) -> None:
    for job in jobs:
        deployment.invoke("ProcessImageFunction", message("process_image", job))


def jobs(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("JobsFunction", event("delete_job"))
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    deployment.invoke("JobsFunction", event("jobs"))
    assert "result" in deployment.invoke("JobsFunction", event("job"))["body"]
    deployment.invoke("RenderFunction", event("render"))
    deployment.invoke("JobsFunction", event("delete_job"))
    first, second = deployment.queue_batch(2)
    deliver(deployment, [first])
    deployment.invoke("JobsFunction", event("delete_job") | {"pathParameters": {"jobId": second.job_id}})
    deployment.pay_for_plan()
    covered = deployment.queue_job("covered")
    deployment.invoke("JobsFunction", event("delete_job") | {"pathParameters": {"jobId": covered.job_id}})


def render(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    for _ in ("made", "there already"):
        assert deployment.invoke("RenderFunction", event("render"))["statusCode"] == 200
    taking_back = event("render") | {"body": '{"output": "matte"}'}
    with deployment.before("s3:PutObject", lambda: deployment.jobs.forget(deployment.jobs.get(USER, JOB))):
        assert deployment.invoke("RenderFunction", taking_back)["statusCode"] == 404


def uploads(deployment: Deployment) -> None:
    deployment.ledger.balance(USER, datetime.now(UTC))
    request = event("upload")
    request["headers"]["Idempotency-Key"] = "once"
    for _ in ("made", "repeated"):
        assert deployment.invoke("UploadsFunction", request)["statusCode"] == 201
    deployment.pay_for_plan()
    assert deployment.invoke("UploadsFunction", event("upload"))["statusCode"] == 201


def on_upload(deployment: Deployment) -> None:
    awaiting = deployment.await_upload()
    deployment.invoke("OnUploadFunction", event("on_upload"))
    deployment.jobs.cancel(deployment.jobs.get(USER, awaiting.job_id), datetime.now(UTC))
    deployment.invoke("OnUploadFunction", event("on_upload"))
    for name in ("taken in", "repeated"):
        drop = event("dropped")
        if name == "taken in":
            written = drop["Records"][0]["s3"]["object"]
            written["eTag"] = deployment.drop()
        deployment.invoke("OnUploadFunction", drop)
    unknown = event("dropped")
    unknown["Records"][0]["s3"]["object"]["key"] = "dropbox/nobody/basic/a.png"
    deployment.invoke("OnUploadFunction", unknown)
    first, second = deployment.queue_batch(2, awaiting=1)
    deliver(deployment, [first])
    huge = event("on_upload")
    huge["Records"][0]["s3"]["object"] |= {"key": f"inputs/{USER}/{second.job_id}", "size": 10_000_001}
    deployment.invoke("OnUploadFunction", huge)
    deployment.pay_for_plan()
    covered = event("dropped")
    covered["Records"][0]["s3"]["object"] |= {"eTag": deployment.drop(), "sequencer": "0066"}
    deployment.invoke("OnUploadFunction", covered)


def batch(deployment: Deployment) -> None:
    request = event("batch")
    request["headers"]["Idempotency-Key"] = "once"
    for _ in ("made", "repeated"):
        assert deployment.invoke("BatchFunction", request)["statusCode"] == 201
    form = event("remove") | {"resource": request["resource"]}
    form["body"] = base64.b64encode(base64.b64decode(form["body"]).replace(b'name="image"', b'name="images"')).decode()
    assert deployment.invoke("BatchFunction", form)["statusCode"] == 201
    form["headers"]["Idempotency-Key"] = "once"
    assert deployment.invoke("BatchFunction", form)["statusCode"] == 409
    first, *_ = deployment.queue_batch(2)
    deliver(deployment, [first])
    deployment.invoke("BatchFunction", event("show_batch"))
    assert deployment.invoke("BatchFunction", event("cancel_batch"))["statusCode"] == 200
    deployment.pay_for_plan()
    batch = json.loads(deployment.invoke("BatchFunction", event("batch"))["body"])
    cancel = event("cancel_batch") | {"pathParameters": {"batchId": batch["batchId"]}}
    assert deployment.invoke("BatchFunction", cancel)["statusCode"] == 200


def download(deployment: Deployment) -> None:
    deliver(deployment, deployment.queue_batch(1))
    deployment.invoke("AssembleZipFunction", event("assemble_zip"))
    assert deployment.invoke("DownloadFunction", event("download"))["statusCode"] == 200


def assemble_zip(deployment: Deployment) -> None:
    deliver(deployment, deployment.queue_batch(1))
    deployment.invoke("AssembleZipFunction", event("assemble_zip"))
    assert deployment.batches.get(USER, BATCH).archive


def reconcile(deployment: Deployment) -> None:
    long_ago = timedelta(hours=1)
    deployment.await_upload(age=long_ago)
    first, second, third = deployment.queue_batch(3, awaiting=1, age=long_ago)
    deployment.objects.delete([input_key(third)])
    orphan = replace(third, job_id=item_id("nobatch", 0), batch_id="nobatch")
    deployment.jobs.record_refusal(orphan)
    deliver(deployment, [first])
    deployment.invoke("ReconcileFunction", event("reconcile"))
    deployment.invoke("ReconcileFunction", message("dead_letter", second))
    letter = event("dead_letter")
    letter["Records"][0]["body"] = json.dumps({"requestPayload": event("dropped")})
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace(
        event("dropped")["Records"][0]["s3"]["object"]["eTag"], deployment.drop()
    )
    assert deployment.invoke("ReconcileFunction", letter) == {"batchItemFailures": []}
    deployment.pay_for_plan()
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace('"sequencer": "', '"sequencer": "00')
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace(
        json.loads(letter["Records"][0]["body"])["requestPayload"]["Records"][0]["s3"]["object"]["eTag"],
        deployment.drop(),
    )
    assert deployment.invoke("ReconcileFunction", letter) == {"batchItemFailures": []}


def audit(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.queue_batch(2)
    spoiled = {"pk": {"S": USER}, "sk": {"S": "balance"}, "available": {"N": "0"}, "held": {"N": "24"}}
    boto3.client("dynamodb").put_item(TableName="CreditsTable", Item=spoiled)
    deployment.invoke("AuditFunction", event("audit"))


def credits(deployment: Deployment) -> None:
    deployment.invoke("CreditsFunction", event("credits"))


def subscription(deployment: Deployment) -> None:
    deployment.pay_for_plan()
    deployment.invoke("SubscriptionFunction", event("subscription"))
    deployment.invoke("SubscriptionFunction", event("cancel_subscription"))


def pricing(deployment: Deployment) -> None:
    deployment.pay_for_plan()
    deployment.invoke("PricingFunction", event("pricing"))


def stats(deployment: Deployment) -> None:
    deployment.invoke("StatsFunction", event("stats"))


def on_billing_event(deployment: Deployment) -> None:
    for name in ("payment_succeeded", "payment_refunded", "plan_paid"):
        deployment.invoke("OnBillingEventFunction", event(name))


def nothing(_: Deployment) -> None:
    """Needs no AWS at all."""


@pytest.mark.parametrize(
    ("function", "work", "besides"),
    [
        ("AuthorizeFunction", authorize, set()),
        ("RemoveFunction", remove, set()),
        ("ProcessImageFunction", process_image, polling("JobQueue") | TELL_MISSING),
        ("JobsFunction", jobs, set()),
        ("RenderFunction", render, TELL_MISSING),
        ("UploadsFunction", uploads, FORMS),
        ("OnUploadFunction", on_upload, LETTERS),
        ("BatchFunction", batch, FORMS),
        ("DownloadFunction", download, set()),
        (
            "AssembleZipFunction",
            assemble_zip,
            polling("ArchiveQueue") | TELL_MISSING | {("s3:AbortMultipartUpload", "ImagesBucket/zips/*")},
        ),
        ("ReconcileFunction", reconcile, polling("JobDeadLetterQueue")),
        ("AuditFunction", audit, set()),
        ("CreditsFunction", credits, set()),
        ("SubscriptionFunction", subscription, set()),
        ("PricingFunction", pricing, set()),
        ("StatsFunction", stats, set()),
        ("OnBillingEventFunction", on_billing_event, {("sqs:SendMessage", "BillingDeadLetterQueue")}),
        ("ApiKeysFunction", api_keys, set()),
        *((name, nothing, set()) for name in ("HealthFunction", "FallbackFunction", "DocsFunction")),
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
        case {"Fn::Sub": "${JobsTable.Arn}/index/OverdueIndex"}:
            return "JobsTable/index/OverdueIndex"
        case {"Fn::Sub": str(text)} if (own := text.replace(OWN_ARN, "${ImagesBucket.Arn}")) != text:
            return named({"Fn::Sub": own})
        case {"Fn::Sub": str(text)} if match := re.fullmatch(r"\$\{ImagesBucket\.Arn\}(/.+)?", text):
            return f"ImagesBucket{match[1] or ''}"
        case _:
            raise ValueError(f"not a resource of this template: {resource}")


def permissions_for(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    """What IAM checks when the call is made: https://docs.aws.amazon.com/service-authorization/latest/reference/."""
    match operation:
        case "dynamodb:TransactWriteItems":
            for action in parameters["TransactItems"]:
                ((kind, write),) = action.items()
                yield f"dynamodb:{kind.removesuffix('Item')}Item", write["TableName"]
        case "s3:DeleteObjects":
            for item in parameters["Delete"]["Objects"]:
                yield "s3:DeleteObject", prefix_of(item["Key"])
        case "dynamodb:BatchWriteItem" | "dynamodb:BatchGetItem":
            # IAM knows the batch, not what is in it.
            yield from ((operation, table) for table in parameters["RequestItems"])
        case "dynamodb:Query" if "IndexName" in parameters:
            yield operation, f"{parameters['TableName']}/index/{parameters['IndexName']}"
        case "s3:CreateBucket":
            return  # Nothing is called: botocore finds the address of a presigned form by it.
        case "s3:ListObjectsV2":
            yield "s3:ListBucket", "ImagesBucket"
        case "s3:CopyObject":
            yield "s3:GetObject", prefix_of(parameters["CopySource"].partition("/")[2])
            yield "s3:PutObject", prefix_of(parameters["Key"])
        case "s3:CreateMultipartUpload" | "s3:UploadPart" | "s3:CompleteMultipartUpload":
            yield "s3:PutObject", prefix_of(parameters["Key"])
        case "s3:HeadObject":
            yield "s3:GetObject", prefix_of(parameters["Key"])
        case "s3:GetObject" | "s3:PutObject" | "s3:DeleteObject":
            yield operation, prefix_of(parameters["Key"])
        case "sqs:SendMessage":
            yield operation, parameters["QueueUrl"].rpartition("/")[2]
        case "secretsmanager:GetSecretValue":
            yield operation, parameters["SecretId"]
        case _:
            yield operation, parameters["TableName"]


def prefix_of(key: str) -> str:
    return f"ImagesBucket/{key.partition('/')[0]}/*"
