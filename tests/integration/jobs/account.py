"""The service on an AWS account of its own: real gateways and use cases on moto, the stand-in as Hugging Face."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from PIL import Image

from background_remover.domain.batches import Batch
from background_remover.domain.credits import Balance, LedgerEntry
from background_remover.domain.jobs import Job, Options, Source
from background_remover.domain.subscriptions import Subscription, plan_named
from background_remover.domain.tiers import Model, tier_named
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.routes import ModelRoute
from background_remover.gateways.object_store import ObjectStore
from background_remover.gateways.overdue import OverdueIndex
from background_remover.gateways.s3_event import ReceivedFile
from background_remover.gateways.secret import Secret
from background_remover.gateways.work_queue import BatchMessage, JobMessage, WorkQueue, parse
from background_remover.use_cases.assemble_archive import AssembleArchive
from background_remover.use_cases.cancel_batch import cancel_batch
from background_remover.use_cases.close_batch import close_batch
from background_remover.use_cases.create_batch import BatchFile, BatchRequest, CreateBatch, CreatedBatch
from background_remover.use_cases.create_upload import CreateUpload, UploadRequest
from background_remover.use_cases.cut_out import CutOut
from background_remover.use_cases.erase_job import erase_job
from background_remover.use_cases.find_foreground import FindForeground
from background_remover.use_cases.process_job import ProcessJob
from background_remover.use_cases.receive_file import ReceiveFile
from background_remover.use_cases.receive_payment import ReceivePayment
from background_remover.use_cases.reconcile import Reconcile
from background_remover.use_cases.remove_image import Removal, RemoveImage
from background_remover.use_cases.remove_uploaded import RemoveUploaded, UploadedRemoval
from background_remover.use_cases.render import Render, Rendering
from background_remover.use_cases.subscribe import Subscribe
from tests.deployed_tables import create_tables
from tests.stack.hugging_face.stand_in import TOKEN as TOKEN
from tests.stores import stores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from tests.stack.hugging_face import HuggingFaceStandIn

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
REGION = "eu-central-1"
BUCKET = "images"
SIGNUP_CREDITS = 50
INPUT_RETENTION = timedelta(days=7)
LEASE = timedelta(seconds=125)
SECONDS = 5.0
"""How long Hugging Face is waited for; no test waits that long."""


class Clock:
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


@cache
def client(service: Literal["dynamodb", "s3", "sqs", "secretsmanager"]) -> Any:
    """Made once: that takes longer than most tests. Event handlers of a test are to be taken off again."""
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


@dataclass(frozen=True, slots=True)
class SentMessage:
    message: JobMessage
    delay: int


class Account:
    """Empty tables, bucket and queue, inside moto's `mock_aws`. `sent` has the jobs that were queued, oldest first.

    With `at_once` set to 1, what a job does at the same time is done in a fixed order.
    """

    at_once = 4

    def __init__(self, hub: HuggingFaceStandIn, *, token: str, models: frozenset[Model] = frozenset(Model)) -> None:
        self.hub = hub
        self.clock = Clock()
        self.dynamodb: DynamoDBClient = client("dynamodb")
        self.s3: S3Client = client("s3")
        self.sqs: SQSClient = client("sqs")
        create_tables(self.dynamodb)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        queue_url = self.sqs.create_queue(QueueName="jobs")["QueueUrl"]
        client("secretsmanager").create_secret(Name="hugging-face", SecretString=token)
        wired = stores(self.dynamodb, signup_credits=SIGNUP_CREDITS)
        self.ledger, self.jobs, self.batches = wired.ledger, wired.jobs, wired.batches
        self.subscriptions, self.payments, self.statistics = wired.subscriptions, wired.payments, wired.statistics
        self.overdue = OverdueIndex(self.dynamodb, table="JobsTable")
        self.objects = ObjectStore(self.s3, bucket=BUCKET)
        self.queue = WorkQueue(self.sqs, url=queue_url)
        self.archive_queue = WorkQueue(self.sqs, url=self.sqs.create_queue(QueueName="archives")["QueueUrl"])
        routes = {
            Model.RMBG_1_4: ModelRoute(f"{hub.url}/models/{Model.RMBG_1_4}", "endpoint"),
            Model.RMBG_2_0: ModelRoute(f"{hub.url}/fal-ai/fal-ai/bria/background/remove", "fal_queue"),
        }
        self.hugging_face = HuggingFace(
            {model: routes[model] for model in models},
            Secret(client("secretsmanager"), secret_id="hugging-face"),
            clock=lambda: self.clock().timestamp(),
            sleep=lambda _: None,
            now=lambda: self.clock().timestamp(),
        )

    def __enter__(self) -> Account:
        self.writes = 0
        self.sent: list[SentMessage] = []
        self.archives_asked: list[BatchMessage] = []
        for operation in ("SendMessage", "SendMessageBatch"):
            self.sqs.meta.events.register(f"before-call.sqs.{operation}", self._sending)
            self.sqs.meta.events.register(f"after-call.sqs.{operation}", self._was_sent)
        return self

    def __exit__(self, *_: object) -> None:
        for operation in ("SendMessage", "SendMessageBatch"):
            self.sqs.meta.events.unregister(f"before-call.sqs.{operation}", self._sending)
            self.sqs.meta.events.unregister(f"after-call.sqs.{operation}", self._was_sent)

    def _sending(self, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["sending"] = json.loads(params["body"])

    def _was_sent(self, context: dict[str, Any], **_: object) -> None:
        body = context["sending"]
        for entry in body.get("Entries", [body]):
            match parse(entry["MessageBody"]):
                case JobMessage() as message:
                    self.sent.append(SentMessage(message, entry.get("DelaySeconds", 0)))
                case BatchMessage() as message:
                    self.archives_asked.append(message)

    # ---- the use cases, each time as in a new container --------------------------------------------------

    def cut_out(self) -> CutOut:
        return CutOut(
            jobs=self.jobs,
            objects=self.objects,
            queue=self.queue,
            find_foreground=FindForeground(
                jobs=self.jobs,
                hugging_face=self.hugging_face,
                clock=self.clock,
                threads=ThreadPoolExecutor(self.at_once),
            ),
            clock=self.clock,
            threads=ThreadPoolExecutor(self.at_once),
        )

    def remove(self, removal: Removal) -> Job:
        remove_image = RemoveImage(
            jobs=self.jobs,
            objects=self.objects,
            queue=self.queue,
            hugging_face=self.hugging_face,
            cut_out=self.cut_out(),
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        return remove_image(removal, time_left=lambda: SECONDS)

    def process_job(self) -> ProcessJob:
        return ProcessJob(
            jobs=self.jobs,
            batches=self.batches,
            objects=self.objects,
            queue=self.queue,
            cut_out=self.cut_out(),
            clock=self.clock,
        )

    def remove_uploaded(self, upload_id: str, **asked: Any) -> Job:
        remove_uploaded = RemoveUploaded(
            jobs=self.jobs,
            objects=self.objects,
            queue=self.queue,
            process_job=self.process_job(),
            clock=self.clock,
        )
        removal = UploadedRemoval("anna", upload_id, **{"accepted": None, "respond_async": False, **asked})
        return remove_uploaded(removal, time_left=lambda: SECONDS)

    def process(self, message: JobMessage) -> Job | None:
        return self.process_job()(message, time_left=lambda: SECONDS, lease_for=LEASE)

    def erase(self, job: Job, *, user_id: str | None = None) -> None:
        erase_job(
            self.jobs,
            self.batches,
            self.objects,
            self.archive_queue,
            user_id=user_id or job.user_id,
            job_id=job.job_id,
            now=self.clock(),
        )

    def render(
        self, job: Job, *, user_id: str | None = None, refinement: str | None = None, options: Options | None = None
    ) -> Rendering:
        render = Render(jobs=self.jobs, objects=self.objects, input_retention=INPUT_RETENTION, clock=self.clock)
        return render(
            user_id or job.user_id, job.job_id, refinement=refinement, options_for=lambda _: options or Options()
        )

    def receive_payment(self) -> ReceivePayment:
        return ReceivePayment(
            dynamodb=self.dynamodb,
            ledger=self.ledger,
            subscriptions=self.subscriptions,
            payments=self.payments,
            clock=self.clock,
        )

    def subscribing(self) -> Subscribe:
        return Subscribe(
            dynamodb=self.dynamodb, subscriptions=self.subscriptions, payments=self.payments, clock=self.clock
        )

    def subscribe(self, plan: str, *, user_id: str = "anna", payment_id: str = "p1") -> Subscription:
        """Pays for the plan and subscribes to it."""
        self.receive_payment().succeeded(payment_id, user_id, plan=plan)
        return self.subscribing()(user_id, plan_named(plan), payment_id)

    def create_upload(self, user_id: str = "anna") -> Job:
        create = CreateUpload(jobs=self.jobs, models=Model, job_retention=timedelta(days=30), clock=self.clock)
        return create(
            UploadRequest(
                user_id=user_id,
                tier=tier_named("basic"),
                source=Source(content_type="image/png", file_name="photo.png"),
                options=Options(),
                idempotency_key=None,
            )
        )

    def create_batch(self, *contents: bytes | None, key: str | None = None, tier: str = "basic") -> CreatedBatch:
        """None for a photo that will be uploaded."""
        create = CreateBatch(
            batches=self.batches,
            objects=self.objects,
            queue=self.queue,
            models=Model,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        source = Source(content_type="image/png", file_name="photo.png")
        files = [BatchFile(source, content) for content in contents]
        return create(
            BatchRequest(user_id="anna", tier=tier_named(tier), options=Options(), files=files, idempotency_key=key)
        )

    def written(self, key: str, content: bytes) -> ReceivedFile:
        """Puts a file into the bucket; returns what S3 tells of it."""
        etag = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"].strip('"')
        self.writes += 1
        return ReceivedFile(
            key=key, size=len(content), etag=etag, sequencer=f"{self.writes:016X}", written_at=self.clock()
        )

    def receive(self, file: ReceivedFile) -> None:
        receive_file = ReceiveFile(
            jobs=self.jobs,
            batches=self.batches,
            ledger=self.ledger,
            objects=self.objects,
            queue=self.queue,
            archive_queue=self.archive_queue,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        receive_file(file)

    def process_and_close(self, message: JobMessage) -> None:
        """What the worker's handler does with one message."""
        job = self.process(message)
        if job and job.batch_id and job.has_ended:
            close_batch(self.batches, self.archive_queue, user_id=job.user_id, batch_id=job.batch_id, now=self.clock())

    def cancel_batch(self, batch_id: str) -> Batch:
        return cancel_batch(
            self.batches, self.jobs, self.archive_queue, user_id="anna", batch_id=batch_id, now=self.clock()
        )

    def assemble(self, message: BatchMessage) -> None:
        AssembleArchive(batches=self.batches, objects=self.objects, clock=self.clock)(message)

    def reconcile(self) -> Reconcile:
        return Reconcile(
            jobs=self.jobs,
            batches=self.batches,
            overdue=self.overdue,
            objects=self.objects,
            queue=self.queue,
            archive_queue=self.archive_queue,
            clock=self.clock,
        )

    # ---- looking -------------------------------------------------------------------------------------------

    def balance(self, user_id: str = "anna") -> Balance:
        return self.ledger.balance(user_id, self.clock())

    def entries(self, user_id: str = "anna") -> list[LedgerEntry]:
        """The whole ledger, oldest first."""
        found: list[LedgerEntry] = []
        cursor = None
        while True:
            page, cursor = self.ledger.entries(user_id, limit=100, cursor=cursor)
            found += page
            if cursor is None:
                return found[::-1]

    def movements(self, user_id: str = "anna") -> list[tuple[str, int, int]]:
        """Kind, available and held of the whole ledger, oldest first."""
        return [
            (entry.movement.kind.value, entry.movement.available, entry.movement.held)
            for entry in self.entries(user_id)
        ]

    def items(self, table: str) -> list[dict[str, Any]]:
        """As a scan answers."""
        return [row.to_json()["Attributes"] for row in rows_of(table)]

    def files(self) -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def received(self) -> list[JobMessage | BatchMessage]:
        """What the queue hands out now; delayed messages are not among it."""
        answer = self.sqs.receive_message(
            QueueUrl=self.sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MaxNumberOfMessages=10
        )
        return [parse(message["Body"]) for message in answer.get("Messages", [])]


def rows_of(table: str) -> Any:
    """moto's own, straight from it: asked through boto3 at every step they take most of a test's time."""
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables[table].all_items()


def now(account: Account, job: Job) -> Job:
    """As it is stored."""
    return account.jobs.get(job.user_id, job.job_id)


def batch_now(account: Account, batch: Batch) -> Batch:
    """As it is stored."""
    return account.batches.get(batch.user_id, batch.batch_id)


def later(account: Account, **by: int) -> None:
    """Time passes, and the reconciler looks."""
    account.clock.advance(timedelta(**by))
    account.reconcile().sweep()


@cache
def photo(colour: str = "teal", *, width: int = 32, height: int = 24) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(encoded, "PNG")
    return encoded.getvalue()


def removal(
    content: bytes | None = None,
    *,
    user_id: str = "anna",
    tier: str = "basic",
    key: str | None = None,
    respond_async: bool = False,
    options: Options | None = None,
) -> Removal:
    return Removal(
        user_id=user_id,
        tier=tier_named(tier),
        content=photo() if content is None else content,
        options=options or Options(),
        file_name="photo.png",
        idempotency_key=key,
        respond_async=respond_async,
    )
