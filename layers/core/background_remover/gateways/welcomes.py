"""The credits that a new user is welcomed with: once per user, once per mailbox, and so many times a day.

In the subscriptions table `{pk: "welcome#<SHA-256 of the mailbox>", sk: "welcome"}`, which stays, and
`{pk: "welcomes#<UTC day>", sk: "welcomes"}`, which counts the day's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from background_remover.gateways.dynamodb import TransactionRefusedError, creation, instant, to_item, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.gateways.credit_ledger import CreditLedger

_COUNT_RETENTION = timedelta(days=7)


class Welcome(StrEnum):
    """What came of it; all but the first are reasons why there are no credits."""

    GIVEN = "given"
    USER_IS_KNOWN = "the user is known"
    MAILBOX_IS_KNOWN = "another user was welcomed with this mailbox"
    DAY_IS_FULL = "the day's welcomes are given"


class Welcomes:
    """`credits` for each, `a_day` at most."""

    def __init__(self, client: DynamoDBClient, *, ledger: CreditLedger, table: str, credits: int, a_day: int) -> None:
        self._client = client
        self._ledger = ledger
        self._table = table
        self._credits = credits
        self._a_day = a_day

    def give(self, user_id: str, mailbox_digest: str, now: datetime) -> Welcome:
        """Opens the user's account with the credits, or adds them to one that was opened without.

        A repeat changes nothing.
        """
        if not self._credits or not self._ledger.awaits_welcome(user_id):
            return Welcome.USER_IS_KNOWN
        welcoming = self._ledger.welcoming(user_id, self._credits, now)
        once = creation(self._table, {"pk": f"welcome#{mailbox_digest}", "sk": "welcome", "welcomedAt": instant(now)})
        try:
            transact(self._client, [*welcoming, once, self._counted(now)])
        except TransactionRefusedError as refusal:
            account, _, mailbox, _ = refusal.found
            if account is not None:
                return Welcome.USER_IS_KNOWN
            return Welcome.DAY_IS_FULL if mailbox is None else Welcome.MAILBOX_IS_KNOWN
        return Welcome.GIVEN

    def _counted(self, now: datetime) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"pk": f"welcomes#{now.astimezone(UTC).date().isoformat()}", "sk": "welcomes"}),
                "UpdateExpression": "SET retireAt = :retire ADD given :one",
                "ConditionExpression": "attribute_not_exists(given) OR given < :most",
                "ExpressionAttributeValues": to_item(
                    {":one": 1, ":most": self._a_day, ":retire": int((now + _COUNT_RETENTION).timestamp())}
                ),
            }
        }
