"""Balances and their ledger in the credits table: `{pk: user, sk: "balance"}` and `{pk: user, sk: "entry#…"}`.

A balance's item has the sums of its ledger: `available` is below zero where credits are owed. So every movement is one
addition, and in whatever order a refund, a release and a purchase come, they come to the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from background_remover.domain import credits
from background_remover.domain.credits import Balance, EntryKind, LedgerEntry, Movement
from background_remover.gateways.dynamodb import (
    Item,
    TransactionRefusedError,
    creation,
    find,
    instant,
    query_page,
    to_item,
    transact,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_BALANCE = "balance"
_ENTRY = "entry#"
_AWAITS_WELCOME = "awaitsWelcome"


class CreditLedger:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def actions(
        self, user_id: str, *movements: Movement, reference: str, now: datetime
    ) -> list[TransactWriteItemTypeDef]:
        """The actions of movements of different kinds, for a transaction: first the balance, then the ledger's entries.

        The balance's condition fails, with the balance found, where more would be held than is available, or captured
        and released than is held, or no account exists. Only a refund may take what is not available.
        """
        available, held = sum(each.available for each in movements), sum(each.held for each in movements)
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": to_item({"pk": user_id, "sk": _BALANCE}),
                    "UpdateExpression": "ADD available :available, held :held",
                    "ConditionExpression": "available >= :needed" if held > 0 else "held >= :needed",
                    "ExpressionAttributeValues": to_item(
                        {":available": available, ":held": held, ":needed": abs(held)}
                    ),
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            *(self._entry(user_id, each, reference=reference, now=now) for each in movements),
        ]

    def open_account(self, user_id: str, now: datetime) -> None:
        """Gives a new user an account without credits; does nothing where there is one."""
        balance = {"pk": user_id, "sk": _BALANCE, "available": 0, "held": 0}
        balance |= {_AWAITS_WELCOME: True, "openedAt": instant(now)}
        try:
            transact(self._client, [creation(self._table, balance)])
        except TransactionRefusedError:
            return  # Somebody opened it at the same moment: it is open, which is all that was wanted.

    def awaits_welcome(self, user_id: str) -> bool:
        """Whether the user has no account, or one that was opened without the credits of a welcome."""
        item = self._balance_item(user_id)
        return item is None or _AWAITS_WELCOME in item

    def welcoming(self, user_id: str, amount: int, now: datetime) -> list[TransactWriteItemTypeDef]:
        """The actions that open an account with a bonus, or add it where one awaits it: first the balance, then the
        ledger's entry. The balance's condition fails where the user has had it."""
        movement = credits.bonus(amount)
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": to_item({"pk": user_id, "sk": _BALANCE}),
                    "UpdateExpression": f"ADD available :available, held :held REMOVE {_AWAITS_WELCOME}",
                    # An account of before there were welcomes has had its credits and does not say so.
                    "ConditionExpression": f"attribute_not_exists(pk) OR attribute_exists({_AWAITS_WELCOME})",
                    "ExpressionAttributeValues": to_item({":available": movement.available, ":held": movement.held}),
                }
            },
            self._entry(user_id, movement, reference="signup", now=now),
        ]

    def balance(self, user_id: str, now: datetime) -> Balance:
        """The user's balance; the account is opened if this is the first time that it is asked for."""
        item = self._balance_item(user_id)
        while item is None:
            self.open_account(user_id, now)
            item = self._balance_item(user_id)
        return balance_from(item)

    def existing_balance(self, user_id: str) -> Balance | None:
        """None where there is no account; none is opened."""
        item = self._balance_item(user_id)
        return balance_from(item) if item else None

    def has_account(self, user_id: str) -> bool:
        return self._balance_item(user_id) is not None

    def grant(self, user_id: str, movement: Movement, *, reference: str, now: datetime) -> bool:
        """Adds a purchase or bonus. A reference counts once: a repeat changes nothing and returns False."""
        self.balance(user_id, now)
        marker = creation(self._table, {"pk": user_id, "sk": f"grant#{reference}", "createdAt": instant(now)})
        try:
            transact(self._client, [marker, *self.actions(user_id, movement, reference=reference, now=now)])
        except TransactionRefusedError as refusal:
            if refusal.found[0] is None:
                raise
            return False
        return True

    def entries(self, user_id: str, *, limit: int, cursor: str | None) -> tuple[list[LedgerEntry], str | None]:
        """A page of the ledger, newest first, and the cursor of the next. Raises `MalformedCursorError`."""
        items, next_cursor = query_page(
            self._client,
            table=self._table,
            partition=user_id,
            prefix=_ENTRY,
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return [_entry_from(item) for item in items], next_cursor

    def _balance_item(self, user_id: str) -> Item | None:
        return find(self._client, table=self._table, partition=user_id, sort_key=_BALANCE)

    def _entry(self, user_id: str, movement: Movement, *, reference: str, now: datetime) -> TransactWriteItemTypeDef:
        order = list(EntryKind).index(movement.kind)
        entry = {
            "pk": user_id,
            "sk": f"{_ENTRY}{instant(now)}#{order}#{reference}",
            "kind": movement.kind,
            "available": movement.available,
            "held": movement.held,
            "reference": reference,
            "createdAt": instant(now),
        }
        return creation(self._table, entry)


def balance_from(item: Item) -> Balance:
    return Balance.of_sums(available=int(item["available"]), held=int(item["held"]))


def _entry_from(item: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        entry_id=item["sk"].removeprefix(_ENTRY),
        movement=Movement(EntryKind(item["kind"]), available=int(item["available"]), held=int(item["held"])),
        reference=item["reference"],
        created_at=datetime.fromisoformat(item["createdAt"]),
    )
