"""Least privilege: every function is granted what it does, and nothing else."""

from collections.abc import Callable

import pytest

from tests.contract.deployment import Deployment
from tests.contract.permissions import Permission, granted, permissions_for
from tests.contract.template import FUNCTIONS, RESOURCES
from tests.contract.work_on_accounts import (
    api_keys,
    audit,
    authorize,
    credits,
    deliver_webhook,
    nothing,
    on_billing_event,
    pricing,
    publish_page,
    reconcile,
    smoke_test,
    stats,
    subscription,
    tell_of_what_ends,
    webhooks,
    welcome,
)
from tests.contract.work_on_images import (
    assemble_zip,
    batch,
    download,
    fetch_image,
    jobs,
    on_upload,
    process_image,
    remove,
    remove_bg,
    render,
    uploads,
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


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


@pytest.mark.parametrize(
    ("function", "work", "besides"),
    [
        ("AuthorizeFunction", authorize, set()),
        ("WelcomeFunction", welcome, set()),
        ("RemoveFunction", remove, set()),
        ("RemoveBgFunction", remove_bg, TELL_MISSING),
        ("ProcessImageFunction", process_image, polling("JobQueue") | TELL_MISSING),
        ("FetchImageFunction", fetch_image, set()),
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
        ("WebhooksFunction", webhooks, set()),
        ("DeliverWebhookFunction", deliver_webhook, polling("WebhookQueue")),
        ("SmokeTestFunction", smoke_test, set()),
        ("PublishPageFunction", publish_page, set()),
        *((name, nothing, set()) for name in ("HealthFunction", "FallbackFunction", "DocsFunction")),
    ],
)
def test_a_role_grants_exactly_what_its_function_does(
    deployment: Deployment, function: str, work: Callable[[Deployment], None], besides: set[Permission]
) -> None:
    tell_of_what_ends()
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
