"""The functions in this process, with the template's tables, bucket, queue and secret in moto."""

import base64
import importlib
import importlib.util
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote_plus

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import get_session
from moto import mock_aws

from background_remover import clients, deployment, observability, removals
from background_remover.domain.api_keys import ApiKey
from background_remover.domain.batches import Batch
from background_remover.domain.jobs import Job, JobStatus, Options, Source, item_id
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.object_store import ObjectStore, input_key
from background_remover.http import api
from tests.contract.template import FUNCTIONS, GLOBAL, plain_environment_of
from tests.deployed_tables import create_tables
from tests.documented import ROUTES, as_response, assert_documented
from tests.moto_client import client
from tests.project import PROJECT
from tests.stack.hugging_face import HuggingFaceStandIn
from tests.stores import stores

BUCKET = "images"  # S3 takes no capitals, so that this one cannot have its logical id for a name.
HUGGING_FACE_TOKEN = "hf_contract"
REGION = "us-east-1"
SIGNUP_CREDITS = 50

AwsCall = tuple[str, dict[str, Any]]
"""Operation, such as `s3:GetObject`, and its parameters."""


def event(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PROJECT / f"events/{name}.json").read_text())
    return content


USER = event("remove")["requestContext"]["authorizer"]["userId"]
JOB = event("job")["pathParameters"]["jobId"]
BATCH = event("show_batch")["pathParameters"]["batchId"]
API_KEY = event("authorize")["authorizationToken"].removeprefix("Bearer ")
KEY_ID = event("delete_api_key")["pathParameters"]["keyId"]
PAGE_BUCKET = event("publish_page")["ResourceProperties"]["Bucket"]


class Context:
    """What handlers take from Lambda's context; all of the function's time is left."""

    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self, function: str) -> None:
        self.function_name = function
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
        self._deadline = time.monotonic() + FUNCTIONS[function].get("Timeout", GLOBAL["Timeout"])

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._deadline - time.monotonic()))


class _Raw(io.BytesIO):
    """As botocore reads what came from the network."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Deployment:
    def __init__(self, hugging_face: HuggingFaceStandIn) -> None:
        self.hugging_face = hugging_face
        self._calls: list[tuple[str, AwsCall]] = []
        self._running: list[str] = []
        """Functions: the last one was invoked by the one before it."""
        self._session = get_session()
        """Of the functions' clients; the test's own are others."""
        wired = stores(client("dynamodb", REGION), signup_credits=SIGNUP_CREDITS)
        self.ledger, self.batches = wired.ledger, wired.batches
        self.jobs, self.intake = wired.jobs, wired.intake
        self.api_keys = ApiKeys(client("dynamodb", REGION), table="ApiKeysTable")
        self.objects = ObjectStore(client("s3", REGION), bucket=BUCKET)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """A cold start: the function's module is run anew, and its clients are made anew.

        The answer of a route is held against the OpenAPI document.
        """
        importlib.reload(observability)
        importlib.reload(api)
        with patch("botocore.session.get_session", lambda: self._session):
            importlib.reload(clients)
        importlib.reload(deployment)
        importlib.reload(removals)

        def record(**call: Any) -> None:
            operation = f"{call['model'].service_model.service_name}:{call['model'].name}"
            if self._running[-1] == function:
                self._calls.append((function, (operation, call["params"])))

        self._running.append(function)
        self._session.register("provide-client-params", record)
        try:
            answer = app_of(function).handler(event, Context(function))
        finally:
            self._session.unregister("provide-client-params", record)
            self._running.pop()
        if (route := f"{event.get('httpMethod')} {event.get('resource')}") in ROUTES:
            assert_documented(route, as_response(answer))
        return answer

    @contextmanager
    def before(self, operation: str, act: Callable[[], None]) -> Iterator[None]:
        """Does something before the functions' calls of an operation, such as `s3:PutObject`."""
        service, name = operation.split(":")

        def do(**_: Any) -> None:
            act()

        self._session.register(f"before-call.{service}.{name}", do)
        try:
            yield
        finally:
            self._session.unregister(f"before-call.{service}.{name}", do)

    def remove_version(self, request: dict[str, Any]) -> dict[str, Any]:
        """What Lambda answers to an invocation of the published version of `RemoveFunction`."""
        try:
            return {"Payload": self.invoke("RemoveFunction", request)}
        except Exception as error:
            return {"FunctionError": "Unhandled", "Payload": {"errorMessage": str(error)}}

    @contextmanager
    def versions(self, invoked: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[list[str]]:
        """Lambda, whose every version does what `invoked` does, and CodeDeploy; what CodeDeploy is told meanwhile."""
        told: list[str] = []

        def answer(request: AWSPreparedRequest, payload: object, **headers: str) -> AWSResponse:
            return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), _Raw(json.dumps(payload).encode()))

        def invoke(request: Any, **_: Any) -> AWSResponse:
            outcome = invoked(json.loads(request.body))
            error = outcome.get("FunctionError")
            return answer(request, outcome["Payload"], **({"X-Amz-Function-Error": error} if error else {}))

        def tell(request: Any, **_: Any) -> AWSResponse:
            told.append(json.loads(request.body)["status"])
            return answer(request, {})

        events: Any = self._session  # Its type hints know no handler that answers.
        events.register("before-send.lambda.Invoke", invoke)
        events.register("before-send.codedeploy.PutLifecycleEventHookExecutionStatus", tell)
        try:
            yield told
        finally:
            events.unregister("before-send.lambda.Invoke", invoke)
            events.unregister("before-send.codedeploy.PutLifecycleEventHookExecutionStatus", tell)

    def calls_of(self, function: str) -> list[AwsCall]:
        """What the function's invocations have called so far. A presigned link counts: it acts as the function."""
        return [call for caller, call in self._calls if caller == function]

    def make_api_key(self) -> None:
        """Makes the key that the events carry."""
        self.api_keys.add(ApiKey.of(API_KEY, user_id=USER, name="sam local", created_at=datetime.now(UTC)))

    def queue_job(self, job_id: str = JOB) -> Job:
        """Makes the job that the events name, or another, as `remove` leaves it for the queue."""
        job, photo = _job(job_id), _photo()
        self.objects.put(input_key(job), photo, "image/png")
        return self.intake.submit(job, None, job.created_at)

    def put_photo(self, job: Job) -> None:
        self.objects.put(input_key(job), _photo(), "image/png")

    def await_upload(self, *, age: timedelta = timedelta(0)) -> Job:
        """Makes the job that the events name, as `uploads` leaves it."""
        job = replace(_job(JOB, age), status=JobStatus.AWAITING_UPLOAD, due_at=datetime.now(UTC) - age)
        return self.intake.submit(job, None, job.created_at)

    def pay_for_plan(self) -> None:
        """As plan_paid.json tells and subscribe.json asks."""
        self.invoke("OnBillingEventFunction", event("plan_paid"))
        assert self.invoke("SubscriptionFunction", event("subscribe"))["statusCode"] == 200

    def drop(self) -> str:
        """Puts the file that dropped.json tells of into the bucket, and returns its etag."""
        written = event("dropped")["Records"][0]["s3"]["object"]
        answer = boto3.client("s3").put_object(Bucket=BUCKET, Key=unquote_plus(written["key"]), Body=_photo())
        return answer["ETag"].strip('"')

    def queue_batch(self, images: int, *, awaiting: int = 0, age: timedelta = timedelta(0)) -> list[Job]:
        """Makes the batch that the events name, with its photos in the bucket; its jobs in their order.

        The last `awaiting` of them await their upload.
        """
        first = _job(JOB, age)
        batch = Batch(
            user_id=USER,
            batch_id=BATCH,
            tier=first.tier,
            options=first.options,
            total=images,
            price=8 * images,
            created_at=first.created_at,
            updated_at=first.updated_at,
            retire_at=first.retire_at,
            due_at=first.due_at,
        )
        statuses = [JobStatus.QUEUED] * (images - awaiting) + [JobStatus.AWAITING_UPLOAD] * awaiting
        jobs = [
            replace(first, job_id=item_id(BATCH, position), batch_id=BATCH, status=status)
            for position, status in enumerate(statuses)
        ]
        for job in jobs:
            self.objects.put(input_key(job), _photo(), "image/png")
        self.batches.submit(batch, jobs, None, first.created_at)
        return jobs


def message(event_name: str, job: Job) -> dict[str, Any]:
    """The queue's event with another job."""
    delivery = event(event_name)
    delivery["Records"][0]["body"] = json.dumps({"userId": job.user_id, "jobId": job.job_id})
    return delivery


def _job(job_id: str, age: timedelta = timedelta(0)) -> Job:
    now, photo = datetime.now(UTC) - age, _photo()
    return Job(
        user_id=USER,
        job_id=job_id,
        tier="standard",
        price=8,
        status=JobStatus.QUEUED,
        source=Source(content_type="image/png", width=64, height=64, size=len(photo)),
        options=Options(),
        created_at=now,
        updated_at=now,
        retire_at=now + timedelta(days=30),
        due_at=now + timedelta(minutes=15),
    )


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with mock_aws(), HuggingFaceStandIn(HUGGING_FACE_TOKEN) as hugging_face:
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        environment = {
            **{name: value for each in FUNCTIONS for name, value in plain_environment_of(each).items()},
            "BUCKET": BUCKET,
            **_create_resources(),
            "HF_RMBG_1_4_URL": f"{hugging_face.url}/models/briaai/RMBG-1.4",
            "HF_RMBG_2_0_URL": f"{hugging_face.url}/fal-ai/fal-ai/bria/background/remove",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        deployment = Deployment(hugging_face)
        deployment.ledger.balance(USER, datetime.now(UTC))  # The user of the events has signed in before.
        yield deployment


def app_of(function: str) -> ModuleType:
    """The function's `app` module, freshly run."""
    folder = FUNCTIONS[function]["CodeUri"]
    spec = importlib.util.spec_from_file_location(folder.replace("/", "."), PROJECT / folder / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _photo() -> bytes:
    """The image in remove.json."""
    form = base64.b64decode(event("remove")["body"])
    start = form.index(b"\x89PNG")
    return form[start : form.index(b"\r\n--", start)]


def _create_resources() -> dict[str, str]:
    """Creates the template's resources, each called by its logical id; returns the queues' URLs as settings."""
    create_tables(client("dynamodb", REGION))
    for bucket in (BUCKET, PAGE_BUCKET):
        client("s3", REGION).create_bucket(Bucket=bucket)
    client("secretsmanager", REGION).create_secret(Name="HuggingFaceTokenSecret", SecretString=HUGGING_FACE_TOKEN)
    queues = {"QUEUE_URL": "JobQueue", "WEBHOOK_QUEUE_URL": "WebhookQueue", "ARCHIVE_QUEUE_URL": "ArchiveQueue"}
    return {setting: client("sqs", REGION).create_queue(QueueName=name)["QueueUrl"] for setting, name in queues.items()}
