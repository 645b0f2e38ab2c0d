"""How jobs are paid for: by the quota of the user's plan if it covers all of them, else by credits, all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain import credits
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.jobs import JobStatus
from background_remover.domain.subscriptions import Coverage, Usage, taken
from background_remover.gateways.credit_ledger import balance_from
from background_remover.gateways.dynamodb import TransactionRefusedError, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.domain.credits import Balance
    from background_remover.domain.jobs import Job
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.subscription_store import SubscriptionStore

ACTIONS = 2
"""The most actions that paying, or giving back, adds to a transaction of several jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`price` in credits for all `images` of the tier together; `reference` names the job or batch in the ledger."""

    user_id: str
    tier: str
    images: int
    price: int
    reference: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What an order costs: `price` credits, which are held; or nothing, where each image is covered by a plan."""

    price: int
    coverage: Coverage | None = None


class Payer:
    def __init__(self, client: DynamoDBClient, *, ledger: CreditLedger, subscriptions: SubscriptionStore) -> None:
        self._client = client
        self._ledger = ledger
        self._subscriptions = subscriptions

    def pay(self, order: Order, now: datetime, actions: Callable[[Bill], Sequence[TransactWriteItemTypeDef]]) -> Bill:
        """Writes, in one transaction, what the order costs and the `actions` for such a bill.

        Raises `InsufficientCreditsError`, and `TransactionRefusedError` where a condition of `actions` does not hold:
        `found` has theirs alone. `actions` may be called more than once.
        """
        for bill, paying in self._ways(order, now):
            others = actions(bill)
            try:
                transact(self._client, [*paying, *others])
            except TransactionRefusedError as refusal:
                found, found_by_others = refusal.found[: len(paying)], refusal.found[len(paying) :]
                if any(each is not None for each in found_by_others):
                    raise TransactionRefusedError(found_by_others) from refusal
                if bill.coverage:
                    continue  # Others were quicker at the quota, or the plan ended at this moment.
                if found[0]:
                    raise insufficient(order.price, balance_from(found[0])) from refusal
                self._ledger.open_account(order.user_id, now)
            else:
                return bill
        raise RuntimeError(f"the account of {order.user_id} was opened and is not there")

    def _ways(self, order: Order, now: datetime) -> Iterator[tuple[Bill, Sequence[TransactWriteItemTypeDef]]]:
        """In the order in which they are to be tried.

        The plan comes twice, as it or the quota may change at this moment; credits too, as the account may have to be
        opened.
        """
        for _ in ("as it is", "as it has become"):
            if covered := self._by_plan(order, now):
                yield covered
        for _ in ("a known account", "one that was opened just now"):
            hold = credits.hold(order.price)
            yield Bill(order.price), self._ledger.actions(order.user_id, hold, reference=order.reference, now=now)

    def _by_plan(self, order: Order, now: datetime) -> tuple[Bill, Sequence[TransactWriteItemTypeDef]] | None:
        """None where no plan of the user's covers the whole order."""
        left = self._subscriptions.left(order.user_id, order.tier, now)
        if left is None or order.images > left.images:
            return None
        takes = Usage(order.images, order.images if left.coverage.capped else 0)
        return Bill(0, left.coverage), (
            self._subscriptions.take(order.user_id, left.coverage.day, takes, left.plan),
            self._subscriptions.require_plan(order.user_id, left.plan, now),
        )

    def settle(
        self, jobs: Sequence[Job], *, reference: str, remitted: int = 0, uncovered: Coverage | None = None
    ) -> list[TransactWriteItemTypeDef]:
        """The actions that capture what ended jobs cost, or give it back, credits or quota; none where it is nothing.

        All belong to one user and one order, and have one status and `updated_at`. `remitted` of what completed ones
        hold is not in their prices any more, and is given back as well; so is `uncovered`, which one had taken from a
        quota.
        """
        first, price = jobs[0], sum(job.price for job in jobs)
        completed = first.status is JobStatus.COMPLETED
        covered = taken(job.coverage for job in jobs if job.coverage)
        if covered and completed:
            return []
        if given_back := covered or taken([uncovered] if uncovered else []):
            return [self._subscriptions.give_back(first.user_id, day, usage) for day, usage in given_back.items()]
        movements = [credits.capture(price) if completed else credits.release(price)] if price else []
        if remitted:
            movements.append(credits.release(remitted))
        if not movements:
            return []
        return self._ledger.actions(first.user_id, *movements, reference=reference, now=first.updated_at)


def insufficient(required: int, balance: Balance) -> InsufficientCreditsError:
    """The refusal for a hold that the balance does not cover."""
    detail = f"This costs {required} credits and you have {balance.available} available."
    if balance.owed:
        detail += (
            f" You owe {balance.owed} of a payment that was refunded: the next credits that you get pay them first."
        )
    return InsufficientCreditsError(detail, required=required, available=balance.available, owed=balance.owed)
