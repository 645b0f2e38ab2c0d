"""The gateways of this deployment. Each is made once per container, when a function first asks for it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from background_remover import clients
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.audit_tables import AuditTables
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
from background_remover.observability import measure
from background_remover.settings import HuggingFaceSettings, Settings

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.client import HuggingFace


@cache
def settings() -> Settings:
    return Settings.from_environment()


@cache
def ledger() -> CreditLedger:
    return CreditLedger(clients.dynamodb(), table=settings().credits_table, signup_credits=settings().signup_credits)


@cache
def subscriptions() -> SubscriptionStore:
    return SubscriptionStore(clients.dynamodb(), table=settings().subscriptions_table)


@cache
def payments() -> PaymentStore:
    return PaymentStore(clients.dynamodb(), table=settings().subscriptions_table)


@cache
def _payer() -> Payer:
    return Payer(clients.dynamodb(), ledger=ledger(), subscriptions=subscriptions())


@cache
def jobs() -> JobStore:
    return JobStore(clients.dynamodb(), table=settings().jobs_table, payer=_payer())


@cache
def batches() -> BatchStore:
    return BatchStore(clients.dynamodb(), table=settings().jobs_table, ledger=ledger(), payer=_payer())


@cache
def statistics() -> StatisticsStore:
    return StatisticsStore(clients.dynamodb(), table=settings().jobs_table)


@cache
def api_keys() -> ApiKeys:
    return ApiKeys(clients.dynamodb(), table=settings().api_keys_table)


@cache
def objects() -> ObjectStore:
    return ObjectStore(clients.s3(), bucket=settings().bucket)


@cache
def queue() -> WorkQueue:
    return WorkQueue(clients.sqs(), url=settings().queue_url)


@cache
def archive_queue() -> WorkQueue:
    return WorkQueue(clients.sqs(), url=settings().archive_queue_url)


@cache
def overdue() -> OverdueIndex:
    return OverdueIndex(clients.dynamodb(), table=settings().jobs_table)


@cache
def audit_tables() -> AuditTables:
    return AuditTables(
        clients.dynamodb(),
        credits_table=settings().credits_table,
        jobs_table=settings().jobs_table,
        subscriptions_table=settings().subscriptions_table,
    )


@cache
def hugging_face() -> HuggingFace:
    # `requests` is imported by the two functions that talk to Hugging Face only.
    from background_remover.gateways.hugging_face.client import HuggingFace

    configured = HuggingFaceSettings.from_environment()
    token = Secret(clients.secrets_manager(), secret_id=configured.token_secret)
    return HuggingFace(configured.routes, token, measure=lambda model, counted: measure(counted, by={"model": model}))
