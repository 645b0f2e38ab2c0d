"""Hands an event to a webhook: at least once, tried again for a day, and then no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover.domain.account_errors import DeliveryNotFoundError, WebhookNotFoundError
from background_remover.domain.webhooks import DISABLED_AFTER, DeliveryStatus, signed_headers
from background_remover.gateways.webhook_post import NotAnsweredError
from background_remover.observability import count, logger

if TYPE_CHECKING:
    from background_remover.domain.webhooks import Delivery, Webhook
    from background_remover.gateways.delivery_store import DeliveryStore
    from background_remover.gateways.webhook_store import WebhookStore
    from background_remover.gateways.work_queue import DeliveryMessage

Post = Callable[[str, Mapping[str, str], str], int]
"""To a URL, with headers and a body: the answer's status. Raises `NotAnsweredError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverWebhook:
    webhooks: WebhookStore
    deliveries: DeliveryStore
    post: Post
    clock: Callable[[], datetime]

    def __call__(self, message: DeliveryMessage) -> None:
        """Returns when the message may be deleted. One that is stale does nothing."""
        try:
            delivery = self.deliveries.get(message.user_id, message.webhook_id, message.event_id)
        except DeliveryNotFoundError:
            return
        if delivery.status is not DeliveryStatus.PENDING or delivery.attempts != message.attempt:
            return
        try:
            webhook = self.webhooks.get(message.user_id, message.webhook_id)
        except WebhookNotFoundError:
            self._give_up(delivery, "The webhook was deleted.")
            return
        if webhook.disabled_at and not delivery.by_hand:
            self._give_up(delivery, "The webhook was disabled.")
            return
        self._attempt(delivery, webhook)

    def _give_up(self, delivery: Delivery, error: str) -> None:
        self.deliveries.record(delivery, DeliveryStatus.FAILED, now=self.clock(), error=error)

    def _attempt(self, delivery: Delivery, webhook: Webhook) -> None:
        started = self.clock()
        answer, error = None, None
        try:
            answer = self.post(
                webhook.url,
                signed_headers(delivery.event, webhook.secrets(started), started),
                delivery.event.body,
            )
        except NotAnsweredError as refusal:
            error = str(refusal)
        now = self.clock()
        if answer is not None and 200 <= answer < 300:
            self.deliveries.record(delivery, DeliveryStatus.DELIVERED, now=now, answer=answer)
            if webhook.failing_since or webhook.disabled_at:
                self.webhooks.note_success(webhook)
            count("WebhooksDelivered")
            return
        is_gone = answer == HTTPStatus.GONE
        due_at = None if is_gone else delivery.next_attempt(now)
        status = DeliveryStatus.PENDING if due_at else DeliveryStatus.FAILED
        self.deliveries.record(delivery, status, now=now, due_at=due_at, answer=answer, error=error)
        count("WebhookAttemptsFailed")
        logger.info("A webhook did not take its event", webhook_id=webhook.webhook_id, answer=answer, error=error)
        if is_gone:
            self._disable_gone(webhook, now)
        elif not delivery.by_hand:
            self._note_failure(webhook, now)

    def _disable_gone(self, webhook: Webhook, now: datetime) -> None:
        if self.webhooks.disable_gone(webhook, now):
            logger.warning("A webhook whose receiver wants no more is disabled", webhook_id=webhook.webhook_id)
            count("WebhooksDisabled")

    def _note_failure(self, webhook: Webhook, now: datetime) -> None:
        if webhook.failing_since is None:
            self.webhooks.note_failure(webhook, now)
        elif now - webhook.failing_since >= DISABLED_AFTER and self.webhooks.disable(webhook, now):
            logger.warning("A webhook that failed for a day is disabled", webhook_id=webhook.webhook_id)
            count("WebhooksDisabled")
