"""The gateways of this deployment. Each is made once per container, when a function first asks for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.batch_store import BatchStore
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.job_store import JobStore
from background_remover.gateways.object_store import ObjectStore
from background_remover.gateways.overdue import OverdueIndex
from background_remover.gateways.payer import Payer
from background_remover.gateways.payment_store import PaymentStore
from background_remover.gateways.secret import Secret
from background_remover.gateways.statistics_store import StatisticsStore
from background_remover.gateways.subscription_store import SubscriptionStore
from background_remover.gateways.work_queue import WorkQueue
from background_remover.settings import HuggingFaceSettings, Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from background_remover.gateways.hugging_face.client import HuggingFace

# Short time-outs: within one request there is time for a second try, but not for the default minute of waiting.
# Connections for everything that the worker does at once.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)


@cache
def settings() -> Settings:
    return Settings.from_environment()


@cache
def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def ledger() -> CreditLedger:
    return CreditLedger(dynamodb(), table=settings().credits_table, signup_credits=settings().signup_credits)


@cache
def subscriptions() -> SubscriptionStore:
    return SubscriptionStore(dynamodb(), table=settings().subscriptions_table)


@cache
def payments() -> PaymentStore:
    return PaymentStore(dynamodb(), table=settings().subscriptions_table)


@cache
def _payer() -> Payer:
    return Payer(dynamodb(), ledger=ledger(), subscriptions=subscriptions())


@cache
def jobs() -> JobStore:
    return JobStore(dynamodb(), table=settings().jobs_table, payer=_payer())


@cache
def batches() -> BatchStore:
    return BatchStore(dynamodb(), table=settings().jobs_table, ledger=ledger(), payer=_payer())


@cache
def statistics() -> StatisticsStore:
    return StatisticsStore(dynamodb(), table=settings().jobs_table)


@cache
def api_keys() -> ApiKeys:
    return ApiKeys(dynamodb(), table=settings().api_keys_table)


@cache
def api_key_uses() -> ApiKeys:
    """For recording uses, which no request shall wait for: one try, of a second."""
    hurried = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    return ApiKeys(boto3.client("dynamodb", config=_CONFIG.merge(hurried)), table=settings().api_keys_table)


@cache
def objects() -> ObjectStore:
    # Links must name the bucket's own region, or S3 redirects to where their signature does not hold:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    links = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client = boto3.client("s3", config=_CONFIG.merge(links))
    return ObjectStore(client, bucket=settings().bucket)


@cache
def _sqs() -> SQSClient:
    return boto3.client("sqs", config=_CONFIG)


@cache
def queue() -> WorkQueue:
    return WorkQueue(_sqs(), url=settings().queue_url)


@cache
def archive_queue() -> WorkQueue:
    return WorkQueue(_sqs(), url=settings().archive_queue_url)


@cache
def overdue() -> OverdueIndex:
    return OverdueIndex(dynamodb(), table=settings().jobs_table)


@cache
def hugging_face() -> HuggingFace:
    # `requests` is imported by the two functions that talk to Hugging Face only.
    from background_remover.gateways.hugging_face.client import HuggingFace

    configured = HuggingFaceSettings.from_environment()
    token = Secret(boto3.client("secretsmanager", config=_CONFIG), secret_id=configured.token_secret)
    return HuggingFace(configured.routes, token)
