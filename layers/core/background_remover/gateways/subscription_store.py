"""Subscriptions and what was taken from their quotas.

`{pk: user, sk: "subscription"}` and `{pk: user, sk: "usage#<day>"}` in the subscriptions table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from background_remover.domain.subscriptions import PLANS, Coverage, Plan, Subscription, Usage, coverage, room
from background_remover.gateways.dynamodb import find, instant, instant_of, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

_SUBSCRIPTION = "subscription"
_USAGE = "usage#"

USAGE_RETENTION = timedelta(days=40)
"""Longer than any job of that day may stay open."""


@dataclass(frozen=True, slots=True)
class Left:
    """So many images can be covered by the plan, each of them by `coverage`."""

    plan: Plan
    coverage: Coverage
    images: int


class SubscriptionStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    # ---- looking ---------------------------------------------------------------------------------

    def current(self, user_id: str) -> Subscription | None:
        """The user's latest subscription, which may have ended."""
        item = find(self._client, table=self._table, partition=user_id, sort_key=_SUBSCRIPTION)
        return _from_item(item) if item else None

    def usage(self, user_id: str, day: date) -> Usage:
        item = find(self._client, table=self._table, partition=user_id, sort_key=f"{_USAGE}{day.isoformat()}")
        return Usage(used=int(item["used"]), capped=int(item["capped"])) if item else Usage()

    def left(self, user_id: str, tier: str, now: datetime) -> Left | None:
        """What the user's plan still covers of the tier today; None where no plan has it."""
        subscription = self.current(user_id)
        if subscription is None or not subscription.is_active(now):
            return None
        plan = PLANS[subscription.plan]
        covers = coverage(plan, tier, now)
        if covers is None:
            return None
        return Left(plan, covers, room(plan, covers, self.usage(user_id, covers.day)))

    # ---- actions for transactions ----------------------------------------------------------------

    def write(self, subscription: Subscription) -> TransactWriteItemTypeDef:
        """The subscription as it is now. The condition fails where another change of it came first."""
        put: PutTypeDef = {"TableName": self._table, "Item": to_item(_values(subscription))}
        if subscription.version == 1:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "version = :before"
            put["ExpressionAttributeValues"] = to_item({":before": subscription.version - 1})
        return {"Put": put}

    def require_plan(self, user_id: str, plan: Plan, now: datetime) -> TransactWriteItemTypeDef:
        """The condition fails where the user does not have the plan any more."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": to_item({"pk": user_id, "sk": _SUBSCRIPTION}),
                "ConditionExpression": "planName = :plan AND periodEnd > :now",
                "ExpressionAttributeValues": to_item({":plan": plan.name, ":now": instant(now)}),
            }
        }

    def take(self, user_id: str, day: date, taken: Usage, plan: Plan) -> TransactWriteItemTypeDef:
        """Takes so many images from the day's quota. The condition fails where it does not have them.

        `taken` fits into an unused quota.
        """
        midnight = datetime.combine(day, time.min, UTC)
        return {
            "Update": {
                "TableName": self._table,
                "Key": self._usage_key(user_id, day),
                "UpdateExpression": "ADD used :used, capped :capped SET retireAt = :retireAt",
                "ConditionExpression": "attribute_not_exists(pk) OR (used <= :roomUsed AND capped <= :roomCapped)",
                "ExpressionAttributeValues": to_item(
                    {
                        ":used": taken.used,
                        ":capped": taken.capped,
                        ":roomUsed": plan.daily_images - taken.used,
                        # Images that are not capped fit in even when a plan with a higher cap was left on that day.
                        ":roomCapped": plan.daily_capped - taken.capped if taken.capped else plan.daily_images,
                        ":retireAt": int((midnight + USAGE_RETENTION).timestamp()),
                    }
                ),
            }
        }

    def give_back(self, user_id: str, day: date, taken: Usage) -> TransactWriteItemTypeDef:
        """To the quota of the day that they were taken from."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": self._usage_key(user_id, day),
                "UpdateExpression": "ADD used :used, capped :capped",
                "ConditionExpression": "used >= :needsUsed AND capped >= :needsCapped",
                "ExpressionAttributeValues": to_item(
                    {
                        ":used": -taken.used,
                        ":capped": -taken.capped,
                        ":needsUsed": taken.used,
                        ":needsCapped": taken.capped,
                    }
                ),
            }
        }

    def _usage_key(self, user_id: str, day: date) -> dict[str, Any]:
        return to_item({"pk": user_id, "sk": f"{_USAGE}{day.isoformat()}"})


def _values(subscription: Subscription) -> dict[str, Any]:
    return {
        "pk": subscription.user_id,
        "sk": _SUBSCRIPTION,
        "subscriptionId": subscription.subscription_id,
        "planName": subscription.plan,
        "startedAt": instant(subscription.started_at),
        "months": subscription.months,
        "periodEnd": instant(subscription.period_end),
        "cancelledAt": instant(subscription.cancelled_at) if subscription.cancelled_at else None,
        "version": subscription.version,
    }


def _from_item(item: dict[str, Any]) -> Subscription:
    return Subscription(
        user_id=item["pk"],
        subscription_id=item["subscriptionId"],
        plan=item["planName"],
        started_at=datetime.fromisoformat(item["startedAt"]),
        months=int(item["months"]),
        cancelled_at=instant_of(item, "cancelledAt"),
        version=int(item["version"]),
    )
