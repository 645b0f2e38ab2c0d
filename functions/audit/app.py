"""The audit: once a day it looks whether balances, ledger, jobs and batches agree."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.observability import logger, metrics
from background_remover.use_cases.audit import Audit

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def clock() -> datetime:
    return datetime.now(UTC)


audit = Audit(
    tables=deployment.audit_tables(),
    ledger=deployment.ledger(),
    jobs=deployment.jobs(),
    batches=deployment.batches(),
    clock=clock,
    sleep=time.sleep,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(_: dict[str, Any], context: LambdaContext) -> None:
    audit(lambda: context.get_remaining_time_in_millis() / 1000)
