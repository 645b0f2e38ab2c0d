"""Webhooks and deliveries as the API's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from background_remover.domain.webhooks import Delivery, Webhook
    from background_remover.http.answers import webhooks as answers


def webhook_body(webhook: Webhook) -> answers.Webhook:
    notice = None
    if webhook.disabled_at:
        why = "Its receiver answered 410, so it" if webhook.is_gone else "It failed for a day, so it"
        notice = (
            f"{why} gets no more events. When it is mended, send it a test event: "
            "as soon as it takes one, it is enabled again."
        )
    elif webhook.failing_since:
        notice = "It fails. Once nothing has succeeded for a day, it is disabled."
    return {
        "webhookId": webhook.webhook_id,
        "url": webhook.url,
        "status": "disabled" if webhook.disabled_at else "enabled",
        "notice": notice,
        "createdAt": webhook.created_at.isoformat(),
        "failingSince": _isoformat(webhook.failing_since),
        "disabledAt": _isoformat(webhook.disabled_at),
        "oldSecretUntil": _isoformat(webhook.overlap_until),
    }


def delivery_body(delivery: Delivery) -> answers.Delivery:
    return {
        "eventId": delivery.event.event_id,
        "type": delivery.event.type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "createdAt": delivery.event.happened_at.isoformat(),
        "attemptedAt": _isoformat(delivery.attempted_at),
        "nextAttemptAt": _isoformat(delivery.due_at),
        "answer": delivery.answer,
        "error": delivery.error,
    }


def _isoformat(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
