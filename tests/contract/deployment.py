"""The functions in this process, with the template's tables, bucket, queue and secret in moto."""

import base64
import importlib
import importlib.util
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from background_remover import deployment, observability
from background_remover.domain.jobs import Job, JobStatus, Options, Source
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.job_store import JobStore
from background_remover.gateways.object_store import ObjectStore, input_key
from tests.contract.template import FUNCTIONS, GLOBAL, PROJECT, plain_environment_of
from tests.deployed_tables import create_tables
from tests.stack.hugging_face import HuggingFaceStandIn

BUCKET = "images"  # S3 takes no capitals, so that this one cannot have its logical id for a name.
HUGGING_FACE_TOKEN = "hf_contract"
SIGNUP_CREDITS = 50

AwsCall = tuple[str, dict[str, Any]]
"""Operation, such as `s3:GetObject`, and its parameters."""


def event(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((PROJECT / f"events/{name}.json").read_text())
    return content


USER = event("remove")["requestContext"]["authorizer"]["userId"]
JOB = event("job")["pathParameters"]["jobId"]


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


class Deployment:
    def __init__(self, hugging_face: HuggingFaceStandIn) -> None:
        self.hugging_face = hugging_face
        self._calls: list[tuple[str, AwsCall]] = []
        dynamodb = boto3.client("dynamodb")
        ledger = CreditLedger(dynamodb, table="CreditsTable", signup_credits=SIGNUP_CREDITS)
        self.jobs = JobStore(dynamodb, table="JobsTable", ledger=ledger)
        self.api_keys = ApiKeys(dynamodb, table="ApiKeysTable")
        self.objects = ObjectStore(boto3.client("s3"), bucket=BUCKET)

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """A cold start: the function's module is run anew, and its clients are made anew."""
        importlib.reload(observability)
        importlib.reload(deployment)
        session = boto3.DEFAULT_SESSION
        assert session

        def record(params: dict[str, Any], model: Any, **_: Any) -> None:
            self._calls.append((function, (f"{model.service_model.service_name}:{model.name}", params)))

        session.events.register("provide-client-params", record)
        try:
            return app_of(function).handler(event, Context(function))
        finally:
            session.events.unregister("provide-client-params", record)

    def calls_of(self, function: str) -> list[AwsCall]:
        """What the function's invocations have called so far. A presigned link counts: it acts as the function."""
        return [call for caller, call in self._calls if caller == function]

    def queue_job(self) -> None:
        """Makes the job that the events name, as `remove` leaves it for the queue."""
        now, photo = datetime.now(UTC), _photo()
        job = Job(
            user_id=USER,
            job_id=JOB,
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
        self.objects.put(input_key(job), photo, "image/png")
        self.jobs.submit(job, None, now)


@contextmanager
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with mock_aws(), HuggingFaceStandIn(HUGGING_FACE_TOKEN) as hugging_face:
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3.Session(region_name="us-east-1"))
        environment = {
            **{name: value for each in FUNCTIONS for name, value in plain_environment_of(each).items()},
            "BUCKET": BUCKET,
            "QUEUE_URL": _create_resources(),
            "HF_RMBG_1_4_URL": f"{hugging_face.url}/models/briaai/RMBG-1.4",
            "HF_RMBG_2_0_URL": f"{hugging_face.url}/fal-ai/fal-ai/bria/background/remove",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Deployment(hugging_face)


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


def _create_resources() -> str:
    """Creates the template's resources, each called by its logical id; returns the queue's URL."""
    create_tables(boto3.client("dynamodb"))
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    boto3.client("secretsmanager").create_secret(Name="HuggingFaceTokenSecret", SecretString=HUGGING_FACE_TOKEN)
    return boto3.client("sqs").create_queue(QueueName="JobQueue")["QueueUrl"]
