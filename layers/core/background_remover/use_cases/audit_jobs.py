"""Every open job and batch against its hold in the ledger, and every batch's counters against its jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from background_remover.domain.audit import Difference, Sums
from background_remover.domain.job_errors import BatchNotFoundError
from background_remover.domain.jobs import OPEN, JobStatus
from background_remover.gateways import batch_item, job_item
from background_remover.gateways.audit_tables import Key
from background_remover.use_cases.audit_findings import added_up, entries, held_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.dynamodb import Item
    from background_remover.gateways.job_store import JobStore
    from background_remover.use_cases.audit_findings import Findings

LEEWAY = timedelta(minutes=10)
"""By how much a hold may seem to be older than its job: their clocks may differ."""

JOBS = 100
"""How many jobs of a batch are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLooks:
    findings: Findings
    ledger: CreditLedger
    jobs: JobStore
    batches: BatchStore

    def take(self, page: list[Item]) -> Key | None:
        for user_id, items in groupby(page, key=itemgetter("pk")):
            holding: dict[str, str] = {}
            for item in items:
                if item["sk"].startswith(batch_item.PREFIX):
                    self._look_at_batch(user_id, item["sk"].removeprefix(batch_item.PREFIX))
                if _holds(item):
                    holding[item["sk"].partition("#")[2]] = item.get("createdAt", "")
            if holding:
                self._look_for_holds(user_id, holding)
        return Key(page[-1]["pk"], page[-1]["sk"]) if page else None

    def finish(self) -> None:
        """Nothing is kept from one page to the next."""

    def _look_for_holds(self, user_id: str, holding: dict[str, str]) -> None:
        """Of jobs and batches that are open, by when they were made. The ledger's side is with `AccountLooks`."""

        def look() -> Set[Difference]:
            since = datetime.fromisoformat(min(holding.values())) - LEEWAY
            sums = added_up(Sums(), entries(self.ledger, user_id, since=since))
            # What was open before the ledger was read and still is after it was open at that time.
            held = {
                order: held_by(self.jobs, self.batches, user_id, order) for order in holding if order not in sums.holds
            }
            return {
                Difference(user_id, f"job or batch {order}", "held", credits, 0)
                for order, credits in held.items()
                if credits
            }

        self.findings.look(user_id, look)

    def _look_at_batch(self, user_id: str, batch_id: str) -> None:
        def look() -> Set[Difference] | None:
            try:
                batch = self.batches.get(user_id, batch_id)
                found = set(_differences(batch, self._jobs_of(batch)))
                # It counts every job that ends, so if it is the same then none has ended meanwhile.
                return found if self.batches.get(user_id, batch_id) == batch else None
            except BatchNotFoundError:
                return set()  # It reached its retention this very moment.

        self.findings.look(f"{user_id} batch {batch_id}", look)

    def _jobs_of(self, batch: Batch) -> Iterator[Job]:
        cursor = None
        while True:
            page, cursor = self.batches.items(batch, limit=JOBS, cursor=cursor)
            yield from page
            if cursor is None:
                return


def _holds(item: Item) -> bool:
    """Whether it holds credits: an open job by itself, or a batch for all of its jobs."""
    price = item.get("price", 0)
    if item["sk"].startswith(batch_item.PREFIX):
        return bool(price != item.get("charged", 0) + item.get("released", 0))
    return bool(
        item["sk"].startswith(job_item.PREFIX) and price and "batchId" not in item and item.get("status") in OPEN
    )


def _differences(batch: Batch, jobs: Iterator[Job]) -> Iterator[Difference]:
    """Jobs that have ended may be gone, erased by their user or retired; open ones never are."""
    statuses: Counter[JobStatus] = Counter()
    charged = held = 0
    for job in jobs:
        statuses[job.status] += 1
        charged += job.price if job.status is JobStatus.COMPLETED else 0
        held += 0 if job.has_ended else job.price
    all_are_there = statuses.total() == batch.total
    ended = {
        "completed": (batch.completed, statuses[JobStatus.COMPLETED]),
        "failed": (batch.failed, statuses[JobStatus.FAILED]),
        "cancelled": (batch.cancelled, statuses[JobStatus.CANCELLED]),
        "expired": (batch.expired, statuses[JobStatus.EXPIRED]),
        "charged": (batch.charged, charged),
    }
    still_open = {
        "open": (batch.total - batch.ended, sum(statuses[status] for status in OPEN)),
        "held": (batch.held, held),
    }
    for figures, exactly in ((ended, all_are_there), (still_open, True)):
        for figure, (stated, reckoned) in figures.items():
            if stated < reckoned or (exactly and stated != reckoned):
                yield Difference(batch.user_id, f"batch {batch.batch_id}", figure, stated, reckoned)
