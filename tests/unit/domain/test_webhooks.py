"""What is posted to webhooks, as the reference library of Standard Webhooks sees it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from background_remover.domain.webhooks import (
    OVERLAP,
    PAUSES,
    Delivery,
    DeliveryStatus,
    Webhook,
    secret,
    signed_headers,
    trial_event,
)

NOW = datetime.now(UTC)
EVENT = trial_event("anna", "w1", NOW)
OLD, NEW = secret(b"o" * 32), secret(b"n" * 32)
ROTATED = Webhook(
    user_id="anna",
    webhook_id="w1",
    url="https://example.com/",
    secret=NEW,
    created_at=NOW,
    old_secret=OLD,
    overlap_until=NOW + OVERLAP,
)


def test_the_reference_library_verifies_what_is_signed() -> None:
    assert Receiver(NEW).verify(EVENT.body, signed_headers(EVENT, [NEW], datetime.now(UTC))) == json.loads(EVENT.body)


@pytest.mark.parametrize("change", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_the_reference_library_refuses_what_was_changed(change: str) -> None:
    headers = signed_headers(EVENT, [NEW], datetime.now(UTC))
    if change in headers:
        headers[change] = str(int(headers[change]) + 1) if change == "webhook-timestamp" else "msg_other"
    body = EVENT.body + (" " if change == "body" else "")
    with pytest.raises(WebhookVerificationError):
        Receiver(OLD if change == "secret" else NEW).verify(body, headers)


@pytest.mark.parametrize("known", [OLD, NEW])
def test_during_the_overlap_the_old_secret_and_the_new_one_verify(known: str) -> None:
    headers = signed_headers(EVENT, ROTATED.secrets(NOW), datetime.now(UTC))

    Receiver(known).verify(EVENT.body, headers)


def test_after_the_overlap_the_new_secret_alone_signs() -> None:
    assert ROTATED.secrets(NOW + OVERLAP) == [NEW]


def test_an_event_is_tried_for_a_day_and_a_little_longer() -> None:
    assert timedelta(days=1) < sum(PAUSES, timedelta()) < timedelta(hours=25)


@pytest.mark.parametrize(("attempts", "pause"), list(enumerate([*PAUSES, None])))
def test_each_pause_follows_the_failure_before_it(attempts: int, pause: timedelta | None) -> None:
    delivery = Delivery(webhook_id="w1", event=EVENT, status=DeliveryStatus.PENDING, due_at=NOW, attempts=attempts)
    assert delivery.next_attempt(NOW) == (NOW + pause if pause else None)


def test_what_was_sent_by_hand_is_tried_once() -> None:
    by_hand = Delivery(webhook_id="w1", event=EVENT, status=DeliveryStatus.PENDING, due_at=NOW, by_hand=True)
    assert by_hand.next_attempt(NOW) is None
