"""Credits: a balance moves only by movements, and the ledger keeps every one of them.

Submitting a job holds its price, completing it captures the hold, failing or cancelling it releases the hold.
A refund takes all of its payment's credits back, even if they are spent or held by then. Summed over a user's ledger,
`available` and `held` are that user's balance at any moment. Where the sum of `available` is below zero, so much is
owed, and whatever is added pays that first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self


class EntryKind(StrEnum):
    """In the order in which a ledger shows movements of the same instant: what is spent was there before."""

    BONUS = "bonus"
    PURCHASE = "purchase"
    REFUND = "refund"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Movement:
    """What one ledger entry adds to each side of the balance, in credits; negative takes away."""

    kind: EntryKind
    available: int
    held: int


def purchase(amount: int) -> Movement:
    return Movement(EntryKind.PURCHASE, available=amount, held=0)


def bonus(amount: int) -> Movement:
    return Movement(EntryKind.BONUS, available=amount, held=0)


def refund(amount: int) -> Movement:
    return Movement(EntryKind.REFUND, available=-amount, held=0)


def hold(price: int) -> Movement:
    return Movement(EntryKind.HOLD, available=-price, held=price)


def capture(price: int) -> Movement:
    return Movement(EntryKind.CAPTURE, available=0, held=-price)


def release(price: int) -> Movement:
    return Movement(EntryKind.RELEASE, available=price, held=-price)


@dataclass(frozen=True, slots=True)
class Balance:
    """In credits. `held` is spoken for by jobs that have not ended.

    `owed` was refunded though it is spent or held. Where something is owed, nothing is available.
    """

    available: int
    held: int
    owed: int = 0

    @classmethod
    def of_sums(cls, *, available: int, held: int) -> Self:
        """The balance that the sums of a ledger are."""
        return cls(available=max(0, available), held=held, owed=max(0, -available))

    @property
    def sum_of_available(self) -> int:
        """Of the ledger: below zero where credits are owed."""
        return self.available - self.owed


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One movement of a user's credits; `reference` names the job, payment or grant behind it."""

    entry_id: str
    movement: Movement
    reference: str
    created_at: datetime
