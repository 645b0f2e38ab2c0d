"""The stores on one client, wired as `background_remover.deployment` wires them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.addresses import mailbox_digest
from background_remover.gateways.batch_store import BatchStore
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.delivery_store import DeliveryStore
from background_remover.gateways.job_intake import JobIntake
from background_remover.gateways.job_store import JobStore
from background_remover.gateways.payer import Payer
from background_remover.gateways.payment_store import PaymentStore
from background_remover.gateways.statistics_store import StatisticsStore
from background_remover.gateways.subscription_store import SubscriptionStore
from background_remover.gateways.webhook_outbox import WebhookOutbox
from background_remover.gateways.webhook_store import WebhookStore
from background_remover.gateways.welcomes import Welcomes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.gateways.work_queue import DeliveryMessage


@dataclass(frozen=True, slots=True)
class Stores:
    ledger: CreditLedger
    subscriptions: SubscriptionStore
    payments: PaymentStore
    jobs: JobStore
    intake: JobIntake
    batches: BatchStore
    statistics: StatisticsStore
    webhooks: WebhookStore
    deliveries: DeliveryStore
    outbox: WebhookOutbox


class _LedgerOfSignedInUsers(CreditLedger):
    """A user without an account has not signed in yet: that is made up for, so that tests may use any name."""

    welcomes: Welcomes

    def open_account(self, user_id: str, now: datetime) -> None:
        # A moment earlier, so that the ledger shows the bonus before what it is opened for.
        self.welcomes.give(user_id, mailbox_digest(f"{user_id}@example.com"), now - timedelta.resolution)
        super().open_account(user_id, now)


def stores(
    client: DynamoDBClient,
    *,
    signup_credits: int,
    jobs_table: str = "JobsTable",
    credits_table: str = "CreditsTable",
    subscriptions_table: str = "SubscriptionsTable",
    announce: Callable[[DeliveryMessage], None] = lambda _: None,
) -> Stores:
    ledger = _LedgerOfSignedInUsers(client, table=credits_table)
    ledger.welcomes = Welcomes(
        client, ledger=ledger, table=subscriptions_table, credits=signup_credits, a_day=1_000_000
    )
    subscriptions = SubscriptionStore(client, table=subscriptions_table)
    payer = Payer(client, ledger=ledger, subscriptions=subscriptions)
    webhooks = WebhookStore(client, table=jobs_table)
    deliveries = DeliveryStore(client, table=jobs_table)
    outbox = WebhookOutbox(webhooks, deliveries, send=announce)
    jobs = JobStore(client, table=jobs_table, payer=payer, outbox=outbox)
    return Stores(
        ledger=ledger,
        subscriptions=subscriptions,
        payments=PaymentStore(client, table=subscriptions_table),
        jobs=jobs,
        intake=JobIntake(client, table=jobs_table, payer=payer, outbox=outbox, jobs=jobs),
        batches=BatchStore(client, table=jobs_table, ledger=ledger, payer=payer, outbox=outbox),
        statistics=StatisticsStore(client, table=jobs_table),
        webhooks=webhooks,
        deliveries=deliveries,
        outbox=outbox,
    )
