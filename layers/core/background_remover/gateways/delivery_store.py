"""Deliveries to webhooks, in the jobs table beside the webhooks of their user.

`{pk: "webhooks#<user>", sk: "delivery#<webhook>#<event>"}` is a delivery.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from background_remover.domain.account_errors import DeliveryNotFoundError
from background_remover.domain.jobs import GRACE, OVERDUE_AFTER
from background_remover.domain.webhooks import DELIVERIES_KEPT, Delivery, DeliveryStatus, Event, EventType, Webhook
from background_remover.gateways.dynamodb import Item, find, instant, instant_of, query_page, to_item, update, update_if
from background_remover.gateways.overdue import shard
from background_remover.gateways.webhook_store import PARTITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

DELIVERY = "delivery#"
DUE = "webhook-"
"""What the shards of the overdue index begin with that deliveries are in, so that these keep no job waiting."""


class DeliveryStore:
    def __init__(self, client: DynamoDBClient, *, table: str) -> None:
        self._client = client
        self._table = table

    def announcing(self, delivery: Delivery) -> UpdateTypeDef:
        """The write of a new delivery, for the transaction that makes its event true.

        An update and no put, as whoever may end jobs may do that already.
        """
        event = delivery.event
        values = {
            "type": event.type,
            "body": event.body,
            "happenedAt": instant(event.happened_at),
            "byHand": delivery.by_hand,
            "attempts": 0,
            "status": delivery.status,
            "dueShard": _shard(event),
            "dueAt": instant(delivery.due_at) if delivery.due_at else None,
            "retireAt": int((event.happened_at + DELIVERIES_KEPT).timestamp()),
        }
        names = {f"#{number}": name for number, name in enumerate(values)}
        return {
            "TableName": self._table,
            "Key": _key(delivery),
            "UpdateExpression": "SET " + ", ".join(f"{name} = :{name[1:]}" for name in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item({f":{number}": value for number, value in enumerate(values.values())}),
        }

    def put(self, delivery: Delivery) -> None:
        update(self._client, self.announcing(delivery))

    def get(self, user_id: str, webhook_id: str, event_id: str) -> Delivery:
        """Raises `DeliveryNotFoundError`."""
        item = find(
            self._client,
            table=self._table,
            partition=PARTITION + user_id,
            sort_key=f"{DELIVERY}{webhook_id}#{event_id}",
        )
        if item is None:
            raise DeliveryNotFoundError("There is no such delivery. It may have reached its retention.")
        return _delivery(item)

    def of_webhook(self, webhook: Webhook, *, limit: int, cursor: str | None) -> tuple[list[Delivery], str | None]:
        """A page of them, newest event first, and the cursor of the next; see `query_page`."""
        items, next_cursor = query_page(
            self._client,
            table=self._table,
            partition=PARTITION + webhook.user_id,
            prefix=f"{DELIVERY}{webhook.webhook_id}#",
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return [_delivery(item) for item in items], next_cursor

    def record(
        self,
        delivery: Delivery,
        status: DeliveryStatus,
        *,
        now: datetime,
        due_at: datetime | None = None,
        answer: int | None = None,
        error: str | None = None,
    ) -> bool:
        """How an attempt went. False where another has recorded that attempt."""
        values: dict[str, Any] = {":status": status, ":now": instant(now), ":seen": delivery.attempts, ":one": 1}
        values |= {":pending": DeliveryStatus.PENDING}
        sets, removes = ["#status = :status", "attemptedAt = :now"], []
        for name, value in (("answer", answer), ("lastError", error), ("dueAt", due_at and instant(due_at))):
            if value is None:
                removes.append(name)
            else:
                sets.append(f"{name} = :{name}")
                values[f":{name}"] = value
        if due_at is None:
            removes.append("dueShard")
        return self._change(
            delivery,
            f"SET {', '.join(sets)} REMOVE {', '.join(removes)} ADD attempts :one",
            condition="attempts = :seen AND #status = :pending",
            values=values,
        )

    def postpone(self, delivery: Delivery, now: datetime) -> bool:
        """Whether it is for the caller to send it now: nobody else has since `delivery` was read."""
        if delivery.due_at is None:
            return False
        return self._change(
            delivery,
            "SET dueAt = :due",
            condition="dueAt = :seen AND #status = :pending",
            values={
                ":due": instant(now + OVERDUE_AFTER),
                ":seen": instant(delivery.due_at),
                ":pending": DeliveryStatus.PENDING,
            },
        )

    def again(self, delivery: Delivery, now: datetime) -> bool:
        """By hand, and once. False where it is pending as it is."""
        return self._change(
            delivery,
            "SET #status = :pending, byHand = :true, dueShard = :shard, dueAt = :due",
            condition="attribute_exists(pk) AND #status <> :pending",
            values={
                ":pending": DeliveryStatus.PENDING,
                ":true": True,
                ":shard": _shard(delivery.event),
                ":due": instant(now + GRACE),
            },
        )

    def _change(self, delivery: Delivery, expression: str, *, condition: str, values: Mapping[str, object]) -> bool:
        return update_if(
            self._client,
            {
                "TableName": self._table,
                "Key": _key(delivery),
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item(values),
            },
        )


def _key(delivery: Delivery) -> Item:
    event = delivery.event
    return to_item({"pk": PARTITION + event.user_id, "sk": f"{DELIVERY}{delivery.webhook_id}#{event.event_id}"})


def _shard(event: Event) -> str:
    return DUE + shard(event.event_id)


def _delivery(item: Item) -> Delivery:
    _, webhook_id, event_id = item["sk"].split("#", 2)
    return Delivery(
        webhook_id=webhook_id,
        event=Event(
            user_id=item["pk"].removeprefix(PARTITION),
            event_id=event_id,
            type=EventType(item["type"]),
            body=item["body"],
            happened_at=datetime.fromisoformat(item["happenedAt"]),
        ),
        status=DeliveryStatus(item["status"]),
        due_at=instant_of(item, "dueAt"),
        attempts=int(item["attempts"]),
        by_hand=item["byHand"],
        attempted_at=instant_of(item, "attemptedAt"),
        answer=int(item["answer"]) if "answer" in item else None,
        error=item.get("lastError"),
    )
