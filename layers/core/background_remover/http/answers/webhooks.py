"""Webhooks, and deliveries to them."""

from typing import Literal, TypedDict

from background_remover.domain.webhooks import DeliveryStatus, EventType
from background_remover.http.answers.formats import Instant, Link


class Webhook(TypedDict):
    """Where events are posted to."""

    webhookId: str
    url: Link
    status: Literal["enabled", "disabled"]
    notice: str | None
    """What its owner should know and do."""
    createdAt: Instant
    failingSince: Instant | None
    disabledAt: Instant | None
    oldSecretUntil: Instant | None
    """Until when events are signed with the secret before as well."""


class WebhookWithSecret(Webhook):
    secret: str
    """Shown this once."""


class Webhooks(TypedDict):
    """The caller's webhooks, oldest first."""

    webhooks: list[Webhook]


class Delivery(TypedDict):
    """An event on its way to a webhook, or what became of it."""

    eventId: str
    """As the header webhook-id has it."""
    type: EventType
    status: DeliveryStatus
    attempts: int
    createdAt: Instant
    attemptedAt: Instant | None
    nextAttemptAt: Instant | None
    """At about this time, if it is not taken before."""
    answer: int | None
    """The status that the last attempt was answered with."""
    error: str | None
    """Why the last attempt had no answer, or there was none."""


class Deliveries(TypedDict):
    """Deliveries of a webhook in the last seven days, newest event first."""

    deliveries: list[Delivery]
    nextCursor: str | None
