"""The audit on an account of the tests of jobs, and hands that spoil what it looks at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from background_remover.gateways.audit_tables import PAGE, AuditTables
from background_remover.gateways.dynamodb import Item, to_item
from background_remover.observability import metrics
from background_remover.use_cases.audit import MOST_PAGES, Audit
from tests.integration.jobs.aws_account import rows_of
from tests.quick_moto import values_of

if TYPE_CHECKING:
    from tests.integration.jobs.account import Account

Found = tuple[str, str, str, int, int]
"""User, subject, figure; stated, reckoned."""


@dataclass(frozen=True, slots=True)
class Outcome:
    found: list[Found]
    """In the order in which the log tells of it."""
    counted: int
    messages: list[str]
    naps: list[float]


class Log(logging.Handler):
    """What is logged inside its `with`, by the name of the service that the tests set."""

    def __enter__(self) -> Self:
        self.records: list[Any] = []
        logging.getLogger("tests").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("tests").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def audit(
    account: Account,
    *,
    page_size: int = PAGE,
    most_pages: int = MOST_PAGES,
    time_left: Callable[[], float] = lambda: 900.0,
    meanwhile: Callable[[], object] = lambda: None,
) -> Outcome:
    """One run. `meanwhile` is done in each of its pauses."""
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        meanwhile()

    run = Audit(
        tables=tables(account, page_size),
        ledger=account.ledger,
        jobs=account.jobs,
        batches=account.batches,
        clock=account.clock,
        sleep=sleep,
        most_pages=most_pages,
    )
    metrics.clear_metrics()
    with Log() as log:
        run(time_left)
    found = [
        (each.user_id, each.subject, each.figure, each.stated, each.reckoned)
        for each in log.records
        if each.levelno == logging.ERROR
    ]
    counted = metrics.provider.metric_set.get("LedgerDiffers", {"Value": []})["Value"]
    return Outcome(found, len(counted), [each.getMessage() for each in log.records], naps)


def tables(account: Account, page_size: int = PAGE) -> AuditTables:
    return AuditTables(
        account.dynamodb,
        credits_table="CreditsTable",
        jobs_table="JobsTable",
        subscriptions_table="SubscriptionsTable",
        page_size=page_size,
    )


# ---- hands ---------------------------------------------------------------------------------------------------


def spoil(account: Account, table: str, key: tuple[str, str], **values: object) -> None:
    """Overwrites attributes of an item, as no code of ours does."""
    (item,) = [item for item in everything(table) if (item["pk"], item["sk"]) == key]
    account.dynamodb.put_item(TableName=table, Item=to_item(item | values))


def lose(account: Account, table: str, key: tuple[str, str]) -> None:
    account.dynamodb.delete_item(TableName=table, Key=to_item({"pk": key[0], "sk": key[1]}))


def entry(kind: str, reference: str) -> tuple[str, str]:
    """The key of anna's entry."""
    (item,) = [
        item
        for item in everything("CreditsTable")
        if (item["pk"], item.get("kind"), item.get("reference")) == ("anna", kind, reference)
    ]
    return item["pk"], item["sk"]


def everything(table: str) -> list[Item]:
    return [values_of(row) for row in rows_of(table)]
