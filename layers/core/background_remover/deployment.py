"""The gateways of this deployment, and the use cases that several functions share.

Each is made once per container, when a function first asks for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from background_remover import clients
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.audit_tables import AuditTables
from background_remover.gateways.batch_store import BatchStore
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.daily_use import DailyUseStore
from background_remover.gateways.delivery_store import DeliveryStore
from background_remover.gateways.image_fetcher import ImageFetcher
from background_remover.gateways.job_intake import JobIntake
from background_remover.gateways.job_store import JobStore
from background_remover.gateways.limit_store import LimitStore
from background_remover.gateways.model_states import ModelStates
from background_remover.gateways.object_store import ObjectStore
from background_remover.gateways.overdue import OverdueIndex
from background_remover.gateways.payer import Payer
from background_remover.gateways.payment_store import PaymentStore
from background_remover.gateways.secret import Secret
from background_remover.gateways.statistics_store import StatisticsStore
from background_remover.gateways.subscription_store import SubscriptionStore
from background_remover.gateways.webhook_outbox import WebhookOutbox
from background_remover.gateways.webhook_store import WebhookStore
from background_remover.gateways.welcomes import Welcomes
from background_remover.gateways.work_queue import WorkQueue
from background_remover.observability import logger, measure
from background_remover.settings import HuggingFaceSettings, Settings, WelcomeSettings, fetch_function
from background_remover.use_cases.announce import announce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from background_remover.domain.tiers import Model
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.use_cases.receive_file import ReceiveFile
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance


@cache
def settings() -> Settings:
    return Settings.from_environment()


@cache
def ledger() -> CreditLedger:
    return CreditLedger(clients.dynamodb(), table=settings().credits_table)


@cache
def subscriptions() -> SubscriptionStore:
    return SubscriptionStore(clients.dynamodb(), table=settings().subscriptions_table)


@cache
def payments() -> PaymentStore:
    return PaymentStore(clients.dynamodb(), table=settings().subscriptions_table)


@cache
def welcomes() -> Welcomes:
    configured = WelcomeSettings.from_environment()
    return Welcomes(
        clients.dynamodb(),
        ledger=ledger(),
        table=settings().subscriptions_table,
        credits=configured.credits,
        a_day=configured.a_day,
    )


@cache
def _payer() -> Payer:
    return Payer(clients.dynamodb(), ledger=ledger(), subscriptions=subscriptions())


@cache
def jobs() -> JobStore:
    return JobStore(clients.dynamodb(), table=settings().jobs_table, payer=_payer(), outbox=_outbox())


@cache
def intake() -> JobIntake:
    return JobIntake(clients.dynamodb(), table=settings().jobs_table, payer=_payer(), outbox=_outbox(), jobs=jobs())


@cache
def batches() -> BatchStore:
    return BatchStore(
        clients.dynamodb(), table=settings().jobs_table, ledger=ledger(), payer=_payer(), outbox=_outbox()
    )


@cache
def webhooks() -> WebhookStore:
    return WebhookStore(clients.dynamodb(), table=settings().jobs_table)


@cache
def deliveries() -> DeliveryStore:
    return DeliveryStore(clients.dynamodb(), table=settings().jobs_table)


@cache
def webhook_queue() -> WorkQueue:
    return WorkQueue(clients.sqs(), url=settings().webhook_queue_url)


@cache
def _outbox() -> WebhookOutbox:
    return WebhookOutbox(webhooks(), deliveries(), send=partial(announce, webhook_queue()))


@cache
def statistics() -> StatisticsStore:
    return StatisticsStore(clients.dynamodb(), table=settings().jobs_table)


@cache
def allowance() -> UnchargedAllowance:
    from background_remover.use_cases.uncharged_allowance import UnchargedAllowance

    return UnchargedAllowance(
        uses=DailyUseStore(clients.dynamodb(), table=settings().jobs_table),
        intake=intake(),
        policy=settings().allowance_policy,
    )


@cache
def limits() -> LimitStore:
    return LimitStore(
        clients.dynamodb(),
        table=settings().limits_table,
        policy=settings().request_policy,
        places=settings().removals_at_once,
    )


@cache
def api_keys() -> ApiKeys:
    return ApiKeys(clients.dynamodb(), table=settings().api_keys_table)


@cache
def objects() -> ObjectStore:
    return ObjectStore(clients.s3(), bucket=settings().bucket)


@cache
def image_fetcher() -> ImageFetcher:
    return ImageFetcher(clients.lambdas(), objects(), function=fetch_function())


@cache
def queue() -> WorkQueue:
    return WorkQueue(clients.sqs(), url=settings().queue_url)


@cache
def archive_queue() -> WorkQueue:
    return WorkQueue(clients.sqs(), url=settings().archive_queue_url)


@cache
def receive_file() -> ReceiveFile:
    from background_remover.use_cases.receive_file import ReceiveFile

    return ReceiveFile(
        jobs=jobs(),
        intake=intake(),
        batches=batches(),
        ledger=ledger(),
        objects=objects(),
        queue=queue(),
        archive_queue=archive_queue(),
        job_retention=settings().job_retention,
        clock=lambda: datetime.now(UTC),
    )


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
def model_states() -> ModelStates:
    return ModelStates(clients.hurried_dynamodb(), table=settings().jobs_table)


@cache
def hugging_face() -> HuggingFace:
    # `requests` is imported by the two functions that talk to Hugging Face only.
    from background_remover.gateways.hugging_face.client import HuggingFace

    configured = HuggingFaceSettings.from_environment()
    token = Secret(clients.secrets_manager(), secret_id=configured.token_secret)
    return HuggingFace(configured.routes, token, measure=_measure_model, states=model_states())


def _measure_model(model: Model, counted: Mapping[str, int]) -> None:
    if "HuggingFaceBreakerOpened" in counted:
        logger.warning("The breaker opened: Hugging Face fails for this model, or refuses us", model=model)
    measure(counted, by={"model": model})
