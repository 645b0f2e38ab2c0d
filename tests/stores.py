"""The stores on one client, wired as `background_remover.deployment` wires them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.gateways.batch_store import BatchStore
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.job_store import JobStore
from background_remover.gateways.payer import Payer
from background_remover.gateways.payment_store import PaymentStore
from background_remover.gateways.statistics_store import StatisticsStore
from background_remover.gateways.subscription_store import SubscriptionStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Stores:
    ledger: CreditLedger
    subscriptions: SubscriptionStore
    payments: PaymentStore
    jobs: JobStore
    batches: BatchStore
    statistics: StatisticsStore


def stores(
    client: DynamoDBClient,
    *,
    signup_credits: int,
    jobs_table: str = "JobsTable",
    credits_table: str = "CreditsTable",
    subscriptions_table: str = "SubscriptionsTable",
) -> Stores:
    ledger = CreditLedger(client, table=credits_table, signup_credits=signup_credits)
    subscriptions = SubscriptionStore(client, table=subscriptions_table)
    payer = Payer(client, ledger=ledger, subscriptions=subscriptions)
    return Stores(
        ledger=ledger,
        subscriptions=subscriptions,
        payments=PaymentStore(client, table=subscriptions_table),
        jobs=JobStore(client, table=jobs_table, payer=payer),
        batches=BatchStore(client, table=jobs_table, ledger=ledger, payer=payer),
        statistics=StatisticsStore(client, table=jobs_table),
    )
