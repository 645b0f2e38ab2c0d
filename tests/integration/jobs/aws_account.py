"""An AWS account of its own in moto, with the real gateways, and the stand-in as Hugging Face."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from background_remover.domain.allowance import AllowancePolicy
from background_remover.domain.credits import Balance, LedgerEntry
from background_remover.domain.errors import DomainError
from background_remover.domain.tiers import Model
from background_remover.gateways.daily_use import DailyUseStore
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.routes import ModelRoute
from background_remover.gateways.image_fetcher import ImageFetcher
from background_remover.gateways.object_store import ObjectStore
from background_remover.gateways.overdue import OverdueIndex
from background_remover.gateways.s3_event import ReceivedFile
from background_remover.gateways.secret import Secret
from background_remover.gateways.work_queue import (
    BatchMessage,
    DeliveryMessage,
    JobMessage,
    Message,
    WakeMessage,
    WorkQueue,
    parse,
)
from background_remover.use_cases.announce import announce
from background_remover.use_cases.fetch_image import fetch_image
from background_remover.use_cases.uncharged_allowance import UnchargedAllowance
from tests.deployed_tables import create_tables
from tests.moto_client import client
from tests.stores import stores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from background_remover.gateways.hugging_face.gate import BreakerStates
    from tests.stack.hugging_face import HuggingFaceStandIn

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
REGION = "eu-central-1"
BUCKET = "images"
SIGNUP_CREDITS = 50
GENEROUS = AllowancePolicy(base=1000, per_hundred=50)


class RawAnswer(io.BytesIO):
    """As botocore reads what came from the network."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Clock:
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


@dataclass(frozen=True, slots=True)
class SentMessage:
    message: JobMessage
    delay: int


class AwsAccount:
    """Empty tables, bucket and queue, inside moto's `mock_aws`. `sent` has the jobs that were queued, oldest first.

    `web` has what there is by URL: an image, or why it cannot be fetched; `fetched` the URLs that were asked for.
    """

    def __init__(
        self,
        hub: HuggingFaceStandIn,
        *,
        token: str,
        models: frozenset[Model] = frozenset(Model),
        allowance: AllowancePolicy = GENEROUS,
    ) -> None:
        self.hub = hub
        self.clock = Clock()
        self.dynamodb: DynamoDBClient = client("dynamodb", REGION)
        self.s3: S3Client = client("s3", REGION)
        self.sqs: SQSClient = client("sqs", REGION)
        self.lambdas: LambdaClient = client("lambda", REGION)
        create_tables(self.dynamodb)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        queue_url = self.sqs.create_queue(QueueName="jobs")["QueueUrl"]
        client("secretsmanager", REGION).create_secret(Name="hugging-face", SecretString=token)
        self.webhook_queue = WorkQueue(self.sqs, url=self.sqs.create_queue(QueueName="webhooks")["QueueUrl"])
        announcing = partial(announce, self.webhook_queue)
        wired = stores(self.dynamodb, signup_credits=SIGNUP_CREDITS, announce=announcing)
        self.webhooks, self.deliveries, self.outbox = wired.webhooks, wired.deliveries, wired.outbox
        self.ledger, self.batches = wired.ledger, wired.batches
        self.jobs, self.intake = wired.jobs, wired.intake
        self.subscriptions, self.payments, self.statistics = wired.subscriptions, wired.payments, wired.statistics
        self.allowance = UnchargedAllowance(
            uses=DailyUseStore(self.dynamodb, table="JobsTable"), intake=self.intake, policy=allowance
        )
        self.overdue = OverdueIndex(self.dynamodb, table="JobsTable")
        self.objects = ObjectStore(self.s3, bucket=BUCKET)
        self.queue = WorkQueue(self.sqs, url=queue_url)
        self.archive_queue = WorkQueue(self.sqs, url=self.sqs.create_queue(QueueName="archives")["QueueUrl"])
        self.image_fetcher = ImageFetcher(self.lambdas, self.objects, function="fetch_image")
        self.web: dict[str, bytes | DomainError] = {}
        self.fetched: list[str] = []
        self.models = models
        self.hugging_face = self.make_hugging_face()

    def make_hugging_face(self, *, states: BreakerStates | None = None) -> HuggingFace:
        """A client as a new container makes it. `states`: where it shares its breakers, else with nobody."""
        routes = {
            Model.RMBG_1_4: ModelRoute(f"{self.hub.url}/models/{Model.RMBG_1_4}", "endpoint"),
            Model.RMBG_2_0: ModelRoute(f"{self.hub.url}/fal-ai/fal-ai/bria/background/remove", "fal_queue"),
        }
        return HuggingFace(
            {model: routes[model] for model in self.models},
            Secret(client("secretsmanager", REGION), secret_id="hugging-face"),
            clock=lambda: self.clock().timestamp(),
            sleep=lambda _: None,
            now=lambda: self.clock().timestamp(),
            states=states,
        )

    def __enter__(self) -> Self:
        self.writes = 0
        self.sent: list[SentMessage] = []
        self.archives_asked: list[BatchMessage] = []
        self.announced: list[DeliveryMessage] = []
        self.wakes_asked: list[WakeMessage] = []
        for operation in ("SendMessage", "SendMessageBatch"):
            self.sqs.meta.events.register(f"before-call.sqs.{operation}", self._sending)
            self.sqs.meta.events.register(f"after-call.sqs.{operation}", self._was_sent)
        events: Any = self.lambdas.meta.events  # Its type hints know no handler that answers.
        events.register("before-send.lambda.Invoke", self._invoke)
        return self

    def __exit__(self, *_: object) -> None:
        for operation in ("SendMessage", "SendMessageBatch"):
            self.sqs.meta.events.unregister(f"before-call.sqs.{operation}", self._sending)
            self.sqs.meta.events.unregister(f"after-call.sqs.{operation}", self._was_sent)
        events: Any = self.lambdas.meta.events
        events.unregister("before-send.lambda.Invoke", self._invoke)

    def _invoke(self, request: Any, **_: object) -> AWSResponse:
        """The function that fetches images, whose web is `web`."""

        def download(url: str) -> bytes:
            self.fetched.append(url)
            found = self.web[url]
            if isinstance(found, DomainError):
                raise found
            return found

        def store(link: str, content: bytes) -> None:
            self.s3.put_object(Bucket=BUCKET, Key=urlsplit(link).path.removeprefix("/"), Body=content)

        try:
            outcome = fetch_image(json.loads(request.body), download=download, store=store)
            headers = HTTPHeaders()
        except KeyError as error:
            outcome, headers = (
                {"errorMessage": str(error)},
                HTTPHeaders.from_dict({"X-Amz-Function-Error": "Unhandled"}),
            )
        return AWSResponse(request.url, 200, headers, RawAnswer(json.dumps(outcome).encode()))

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
                case DeliveryMessage() as message:
                    self.announced.append(message)
                case WakeMessage() as message:
                    self.wakes_asked.append(message)

    def written(self, key: str, content: bytes) -> ReceivedFile:
        """Puts a file into the bucket; returns what S3 tells of it."""
        etag = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"].strip('"')
        self.writes += 1
        return ReceivedFile(
            key=key, size=len(content), etag=etag, sequencer=f"{self.writes:016X}", written_at=self.clock()
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

    def received(self) -> list[Message]:
        """What the queue hands out now; delayed messages are not among it."""
        answer = self.sqs.receive_message(
            QueueUrl=self.sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MaxNumberOfMessages=10
        )
        return [parse(message["Body"]) for message in answer.get("Messages", [])]


def rows_of(table: str) -> Any:
    """moto's own, straight from it: asked through boto3 at every step they take most of a test's time."""
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables[table].all_items()
