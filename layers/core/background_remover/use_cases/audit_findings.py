"""What an audit finds: told of only when it has been seen twice, with nothing moving meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import BatchNotFoundError, JobNotFoundError
from background_remover.observability import count, logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from background_remover.domain.audit import Difference, Sums
    from background_remover.domain.credits import LedgerEntry
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.job_store import JobStore

MOST_LOOKS = 5
PAUSE = 1.0
"""Seconds between two looks: longer than a transaction's items take to show one after the other."""

ENTRIES = 500
"""How many entries of a ledger are read at once."""


@dataclass(slots=True, kw_only=True)
class Findings:
    sleep: Callable[[float], None]
    differences: int = 0
    unsettled: int = 0
    unreadable: int = 0

    def look(self, subject: str, look: Callable[[], Set[Difference] | None]) -> None:
        """Tells of what two looks in a row see. A look that something moved under sees None, and does not count."""
        seen: Set[Difference] = frozenset()
        with self.collected(subject):
            for _ in range(MOST_LOOKS):
                found = look()
                if found is not None:
                    if not found:
                        return
                    if confirmed := {each for each in found if each in seen}:
                        self._tell(confirmed)
                        return
                    seen = found
                self.sleep(PAUSE)
            self.unsettled += 1
            logger.warning("This moves too quickly to be audited; the next audit looks again", subject=subject)

    def _tell(self, differences: Set[Difference]) -> None:
        for each in sorted(differences, key=lambda each: (each.subject, each.figure)):
            self.differences += 1
            count("LedgerDiffers")
            logger.error(
                "What is stated is not what was reckoned",
                user_id=each.user_id,
                subject=each.subject,
                figure=each.figure,
                stated=each.stated,
                reckoned=each.reckoned,
            )

    @contextmanager
    def collected(self, subject: str) -> Iterator[None]:
        """What cannot be looked at keeps nothing else from it."""
        try:
            yield
        except Exception:
            logger.exception("This could not be audited", subject=subject)
            self.unreadable += 1

    def raise_errors(self) -> None:
        if self.unreadable:
            raise RuntimeError(f"{self.unreadable} could not be audited; the log names them")


def entries(ledger: CreditLedger, user_id: str, *, since: datetime | None = None) -> Iterator[LedgerEntry]:
    """Newest first, a page at a time in memory."""
    cursor = None
    while True:
        page, cursor = ledger.entries(user_id, limit=ENTRIES, cursor=cursor)
        for entry in page:
            if since and entry.created_at < since:
                return
            yield entry
        if cursor is None:
            return


def added_up(sums: Sums, some: Iterable[LedgerEntry]) -> Sums:
    for entry in some:
        sums.add(entry.movement.available, entry.movement.held, entry.reference)
    return sums


def held_by(jobs: JobStore, batches: BatchStore, user_id: str, order: str) -> int:
    """What the job or batch holds by its own record: nothing where it has ended, or is gone."""
    try:
        job = jobs.get(user_id, order)
    except JobNotFoundError:
        try:
            return batches.get(user_id, order).held
        except BatchNotFoundError:
            return 0
    return 0 if job.has_ended else job.price
