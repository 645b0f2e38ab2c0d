"""Puts an event into the webhooks' queue at once. Where that fails nothing else does: the reconciler sends it later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.gateways.work_queue import DeliveryMessage, WorkQueue


def announce(queue: WorkQueue, message: DeliveryMessage) -> None:
    try:
        queue.send(message)
    except (BotoCoreError, ClientError):
        logger.exception("A webhook's event is left to the reconciler", event_id=message.event_id)
