"""Every balance against its ledger, and every hold in it against the job or batch that it is for."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.audit import Difference, Sums
from background_remover.gateways.audit_tables import Key
from background_remover.use_cases.audit_findings import added_up, entries, held_by

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.dynamodb import Item
    from background_remover.gateways.job_store import JobStore
    from background_remover.use_cases.audit_findings import Findings

SETTLED_AFTER = timedelta(minutes=20)
"""Nobody adds an entry with an earlier time: no function that moves credits runs for so long, and AWS takes no request
whose clock is 15 minutes off."""


@dataclass(slots=True)
class _Account:
    """As the pages showed it, which were not read in one moment."""

    user_id: str
    last: Key
    available: int = 0
    held: int = 0
    sums: Sums = field(default_factory=Sums)

    def add(self, item: Item) -> None:
        self.last = Key(item["pk"], item["sk"])
        available, held = int(item.get("available", 0)), int(item.get("held", 0))
        if item["sk"] == "balance":
            self.available, self.held = available, held
        elif item["sk"].startswith("entry#"):
            self.sums.add(available, held, item.get("reference", ""))


@dataclass(slots=True, kw_only=True)
class AccountLooks:
    findings: Findings
    ledger: CreditLedger
    jobs: JobStore
    batches: BatchStore
    clock: Callable[[], datetime]
    _account: _Account | None = None

    def take(self, page: list[Item]) -> Key | None:
        """The page's last account goes on in the next page, as far as anybody knows."""
        until = None
        for item in page:
            if self._account is None or self._account.user_id != item["pk"]:
                if self._account:
                    until = self._account.last
                self.finish()
                self._account = _Account(item["pk"], Key(item["pk"], item["sk"]))
            self._account.add(item)
        return until

    def finish(self) -> None:
        account, self._account = self._account, None
        if account is None:
            return
        with self.findings.collected(account.user_id):
            doubted = {
                order
                for order, held in account.sums.holds.items()
                if held_by(self.jobs, self.batches, account.user_id, order) != held
            }
            if doubted or (account.available, account.held) != (account.sums.available, account.sums.held):
                self._look_closer(account.user_id, doubted)

    def _look_closer(self, user_id: str, doubted: Set[str]) -> None:
        recently = self.clock() - SETTLED_AFTER
        everything = entries(self.ledger, user_id)
        settled = added_up(Sums(), (entry for entry in everything if entry.created_at < recently))

        def sums() -> Sums:
            return added_up(settled.copy(), entries(self.ledger, user_id, since=recently))

        def look() -> Set[Difference] | None:
            before = sums()
            stated = {order: held_by(self.jobs, self.batches, user_id, order) for order in doubted & set(before.holds)}
            balance = self.ledger.existing_balance(user_id)
            # Every movement adds an entry and none is ever taken away. So if there are as many as before, then in
            # between, when the rest was read, nothing moved.
            if sums().entries != before.entries:
                return None
            found = [
                Difference(
                    user_id, "balance", "available", balance.sum_of_available if balance else 0, before.available
                ),
                Difference(user_id, "balance", "held", balance.held if balance else 0, before.held),
                *(
                    Difference(user_id, f"job or batch {order}", "held", by_itself, before.holds[order])
                    for order, by_itself in stated.items()
                ),
            ]
            return {each for each in found if each.stated != each.reckoned}

        self.findings.look(user_id, look)
