"""Announces events to the webhooks of their user: written with what ends a job or batch, sent after it.

Whoever dies before the message is sent loses nothing: the delivery is due soon, and the reconciler sends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.domain.jobs import GRACE
from background_remover.domain.webhooks import Delivery, DeliveryStatus
from background_remover.gateways.work_queue import message_for_delivery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.domain.webhooks import Event
    from background_remover.gateways.delivery_store import DeliveryStore
    from background_remover.gateways.webhook_store import WebhookStore
    from background_remover.gateways.work_queue import DeliveryMessage


@dataclass(frozen=True, slots=True)
class WebhookOutbox:
    """`send` raises nothing when SQS does not take a message: what it is about has happened all the same."""

    webhooks: WebhookStore
    deliveries: DeliveryStore
    send: Callable[[DeliveryMessage], None]

    def of(self, event: Event | None) -> list[Delivery]:
        """One for each webhook of the event's user that is not disabled."""
        if event is None:
            return []
        due_at = event.happened_at + GRACE
        return [
            Delivery(webhook_id=webhook.webhook_id, event=event, status=DeliveryStatus.PENDING, due_at=due_at)
            for webhook in self.webhooks.of_user(event.user_id)
            if webhook.disabled_at is None
        ]

    def writes(self, deliveries: Sequence[Delivery]) -> list[TransactWriteItemTypeDef]:
        return [{"Update": self.deliveries.announcing(delivery)} for delivery in deliveries]

    def sent(self, deliveries: Sequence[Delivery]) -> None:
        """For after the transaction."""
        for delivery in deliveries:
            self.send(message_for_delivery(delivery))
