"""Sends the events that are due: those to be tried again, and those whose message was never sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.account_errors import DeliveryNotFoundError
from background_remover.gateways.delivery_store import DELIVERY, DUE
from background_remover.gateways.webhook_store import PARTITION
from background_remover.gateways.work_queue import message_for_delivery
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.gateways.delivery_store import DeliveryStore
    from background_remover.gateways.overdue import Overdue, OverdueIndex
    from background_remover.gateways.work_queue import WorkQueue

LOOKED_AT = 250
"""How many of each shard one run looks at; the next run finds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDueDeliveries:
    deliveries: DeliveryStore
    overdue: OverdueIndex
    queue: WorkQueue
    clock: Callable[[], datetime]

    def __call__(self) -> None:
        """It may run at any time, twice, and beside anything else. What cannot be sent keeps no other from it."""
        now = self.clock()
        errors: list[Exception] = []
        for key in self.overdue.before(now, limit=LOOKED_AT, kind=DUE):
            try:
                self._send(key, now)
            except Exception as error:
                logger.exception("An event that is due could not be sent", looked_at=key.sort_key)
                errors.append(error)
        if errors:
            raise ExceptionGroup("not every event that is due could be sent", errors)

    def _send(self, key: Overdue, now: datetime) -> None:
        webhook_id, _, event_id = key.sort_key.removeprefix(DELIVERY).partition("#")
        try:
            delivery = self.deliveries.get(key.user_id.removeprefix(PARTITION), webhook_id, event_id)
        except DeliveryNotFoundError:
            return
        if delivery.due_at and delivery.due_at <= now and self.deliveries.postpone(delivery, now):
            self.queue.send(message_for_delivery(delivery))
