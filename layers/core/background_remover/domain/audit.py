"""What an audit compares: the sums of a ledger with what the balance, the jobs and the batches say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from background_remover.domain.jobs import order_of


@dataclass(frozen=True, slots=True)
class Difference:
    """`stated` by the `subject`'s own record, such as "batch 01a2", is not what was `reckoned` from the others.

    Differences of the same thing are equal, as its figures may move together while it is looked at.
    """

    user_id: str
    subject: str
    figure: str
    stated: int = field(compare=False)
    reckoned: int = field(compare=False)


@dataclass(slots=True)
class Sums:
    """Of some of a user's ledger, in any order. `holds` has what is still held for a job or batch, by its id."""

    entries: int = 0
    available: int = 0
    held: int = 0
    holds: dict[str, int] = field(default_factory=dict)

    def add(self, available: int, held: int, reference: str) -> None:
        """One entry's."""
        self.entries += 1
        self.available += available
        self.held += held
        order = order_of(reference)
        # What is settled is left out, so that a long ledger takes no more memory than a short one.
        if held and (left := self.holds.pop(order, 0) + held):
            self.holds[order] = left

    def copy(self) -> Self:
        return replace(self, holds=dict(self.holds))
