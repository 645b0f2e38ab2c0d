"""The audit: every balance against its ledger, every hold against its open job, every batch against its jobs.

It goes through the credits table, then through the jobs table. It reads while work goes on, so what looks different at
first is only doubted, and then looked at until it has been told apart from what merely moved: `findings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from background_remover.gateways.audit_tables import AuditedTable, Key, Position
from background_remover.observability import logger
from background_remover.use_cases.audit_accounts import AccountLooks
from background_remover.use_cases.audit_findings import Findings
from background_remover.use_cases.audit_jobs import JobLooks

if TYPE_CHECKING:
    from background_remover.gateways.audit_tables import AuditTables
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.dynamodb import Item
    from background_remover.gateways.job_store import JobStore

MOST_PAGES = 2000
"""How many pages one run goes through: a million items. The next run goes on from there."""

RESERVE = 120.0
"""Seconds that the looks which follow a page may take."""


class Looks(Protocol):
    def take(self, page: list[Item]) -> Key | None:
        """Looks at what is complete with this page. Returns the last item before which all has been looked at."""

    def finish(self) -> None:
        """There are no more pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    tables: AuditTables
    ledger: CreditLedger
    jobs: JobStore
    batches: BatchStore
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    most_pages: int = MOST_PAGES

    def __call__(self, time_left: Callable[[], float]) -> None:
        """Goes on where the last run ended, until both tables are through or the run has had its pages or its time.

        `time_left` in seconds. Raises `RuntimeError` where something could not be looked at.
        """
        findings = Findings(sleep=self.sleep)
        start = self.tables.position()
        try:
            is_through = self._walk(start, findings, time_left)
        finally:
            logger.info(
                "The audit has ended",
                differences=findings.differences,
                unsettled=findings.unsettled,
                unreadable=findings.unreadable,
            )
        if is_through:
            self.tables.remember(Position())
        findings.raise_errors()

    def _walk(self, start: Position, findings: Findings, time_left: Callable[[], float]) -> bool:
        """Whether both tables are through."""
        position, pages = start, 0
        while True:
            looks = self._looks(position.table, findings)
            for page in self.tables.pages(position):
                pages += 1
                if until := looks.take(page):
                    position = Position(position.table, until)
                    self.tables.remember(position)
                is_late = time_left() < RESERVE
                # A partition that is longer than a run's pages is gone through for once.
                if position != start and (is_late or pages >= self.most_pages):
                    logger.info("The audit goes on in its next run", pages=pages, position=str(position))
                    return False
                if is_late:
                    raise RuntimeError(f"The time of a run is too short for what follows {position}")
            looks.finish()
            if position.table == "jobs":
                return True
            position = Position("jobs")
            self.tables.remember(position)

    def _looks(self, table: AuditedTable, findings: Findings) -> Looks:
        if table == "credits":
            return AccountLooks(
                findings=findings, ledger=self.ledger, jobs=self.jobs, batches=self.batches, clock=self.clock
            )
        return JobLooks(findings=findings, ledger=self.ledger, jobs=self.jobs, batches=self.batches)
