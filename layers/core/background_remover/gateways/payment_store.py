"""Payments in the subscriptions table, found by their id whoever made them: `{pk: "payment#<id>", sk: "payment"}`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from background_remover.domain.payments import Payment, PaymentState
from background_remover.gateways.dynamodb import find, instant, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

_PARTITION = "payment#"
_PAYMENT = "payment"


class PaymentStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, payment_id: str) -> Payment | None:
        """None where no payment of that id is known."""
        item = find(self._client, table=self._table, partition=f"{_PARTITION}{payment_id}", sort_key=_PAYMENT)
        return _from_item(item) if item else None

    def write(self, payment: Payment, *, before: PaymentState | None) -> TransactWriteItemTypeDef:
        """An action that writes the payment, in whatever state it was `before`; None where it was not known.

        Its condition fails where another change came first.
        """
        put: PutTypeDef = {"TableName": self._table, "Item": to_item(_values(payment))}
        if before is None:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "paymentState = :before"
            put["ExpressionAttributeValues"] = to_item({":before": before})
        return {"Put": put}


def _values(payment: Payment) -> dict[str, Any]:
    return {
        "pk": f"{_PARTITION}{payment.payment_id}",
        "sk": _PAYMENT,
        "userId": payment.user_id,
        "recordedAt": instant(payment.recorded_at),
        "credits": payment.credits,
        "planName": payment.plan,
        "paymentState": payment.state,
        "usedBy": payment.used_by,
    }


def _from_item(item: dict[str, Any]) -> Payment:
    return Payment(
        payment_id=item["pk"].removeprefix(_PARTITION),
        user_id=item["userId"],
        recorded_at=datetime.fromisoformat(item["recordedAt"]),
        credits=int(item["credits"]),
        plan=item.get("planName"),
        state=PaymentState(item["paymentState"]),
        used_by=item.get("usedBy"),
    )
