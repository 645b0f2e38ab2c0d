"""Events on their way to a webhook that takes them, fails, is slow, or lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Receiver

from background_remover.domain.account_errors import TooManyWebhooksError, WebhookNotFoundError
from background_remover.domain.webhooks import (
    MOST_WEBHOOKS,
    PAUSES,
    Delivery,
    DeliveryStatus,
    Webhook,
    secret,
    trial_event,
)
from background_remover.gateways import webhook_post
from background_remover.gateways.webhook_post import NotAnsweredError
from background_remover.gateways.work_queue import message_for_delivery
from background_remover.use_cases.deliver_webhook import DeliverWebhook
from background_remover.use_cases.send_due_deliveries import SendDueDeliveries
from tests.integration.fetching.web import HOST, Web, ok, redirect
from tests.integration.jobs.account import Account
from tests.integration.jobs.aws_account import NOON

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

HOOK = Webhook(user_id="anna", webhook_id="w1", url=f"https://{HOST}/hook", secret=secret(b"s" * 32), created_at=NOON)
EVENT = trial_event("anna", "w1", NOON)
PENDING = Delivery(webhook_id="w1", event=EVENT, status=DeliveryStatus.PENDING, due_at=NOON + timedelta(minutes=1))

Post = Callable[[str, Mapping[str, str], str], int]


@pytest.fixture
def hooked(account: Account) -> Account:
    account.webhooks.add(HOOK)
    account.deliveries.put(PENDING)
    return account


def deliver(account: Account, post: Post) -> Delivery:
    delivery = now_is(account)
    DeliverWebhook(webhooks=account.webhooks, deliveries=account.deliveries, post=post, clock=account.clock)(
        message_for_delivery(delivery)
    )
    return now_is(account)


def now_is(account: Account) -> Delivery:
    return account.deliveries.get("anna", "w1", EVENT.event_id)


def answering(status: int) -> Post:
    return lambda *_: status


def over(web: Web, *, seconds: float = 5) -> Post:
    def post(url: str, headers: Mapping[str, str], body: str) -> int:
        return webhook_post.post(web.https(), url, headers=headers, body=body, seconds=seconds)

    return post


@pytest.fixture
def serving() -> Iterator[Callable[[Web], Web]]:
    with ExitStack() as stack:
        yield lambda web: stack.enter_context(web.serving())


def test_what_is_sent_is_signed_for_the_webhook(hooked: Account) -> None:
    sent: list[tuple[str, Mapping[str, str], str]] = []

    def post(*request: object) -> int:
        sent.append(request)  # type: ignore[arg-type] # as `Post` has it
        return 204

    delivered = deliver(hooked, post)

    (url, headers, body), receiver = sent[0], Receiver(HOOK.secret)
    assert (url, json.loads(body)["type"]) == (HOOK.url, "webhook.test")
    assert headers["webhook-signature"] == receiver.sign(EVENT.event_id, NOON, body)
    assert (delivered.status, delivered.answer, delivered.attempts, delivered.due_at) == ("delivered", 204, 1, None)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (ok(b"thanks"), "delivered", None),
        (ok(b"", "Location: https://example.com/elsewhere"), "delivered", None),
        (redirect("https://example.com/elsewhere"), "pending", None),
        (redirect("https://169.254.169.254/"), "pending", None),
        (b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", "pending", None),
        (b"no HTTP at all\r\n\r\n", "pending", "The host does not answer properly (BadStatusLine)."),
    ],
)
def test_a_receiver_is_believed_by_its_status_and_followed_nowhere(
    hooked: Account, serving: Callable[[Web], Web], answer: bytes, status: str, error: str | None
) -> None:
    web = serving(Web(answer))

    delivery = deliver(hooked, over(web))

    assert (delivery.status, delivery.error) == (status, error)
    assert web.looked_up == [HOST]
    assert web.requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"webhook-signature: v1," in web.requests[0]


def test_of_an_endless_body_nothing_is_read(hooked: Account, serving: Callable[[Web], Web]) -> None:
    web = Web()
    web.answers = [web.dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000)]

    assert deliver(hooked, over(serving(web))).status == "delivered"


def test_a_slow_receiver_is_not_waited_for(hooked: Account, serving: Callable[[Web], Web]) -> None:
    web = Web()
    web.answers = [web.dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")]

    delivery = deliver(hooked, over(serving(web), seconds=0.5))

    assert (delivery.status, delivery.error) == ("pending", "The host does not answer in time.")


def test_nobody_is_connected_to_in_a_private_network(hooked: Account, serving: Callable[[Web], Web]) -> None:
    web = serving(Web())
    web.names[HOST] = [["10.0.0.7"]]

    delivery = deliver(hooked, over(web))

    assert delivery.error == "The URL has a host that is not on the public internet."
    assert web.called == []


def test_what_fails_is_tried_again_later_each_time_and_then_given_up(hooked: Account) -> None:
    for pause in PAUSES:
        assert deliver(hooked, answering(500)).due_at == hooked.clock() + pause
        hooked.clock.advance(pause)

    last = deliver(hooked, answering(500))

    assert (last.status, last.attempts, last.due_at) == ("failed", 8, None)
    disabled = hooked.webhooks.get("anna", "w1")
    assert (disabled.failing_since, disabled.disabled_at) == (NOON, hooked.clock())


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_receiver_that_says_that_it_is_gone_is_told_nothing_more(hooked: Account, by_hand: bool) -> None:
    if by_hand:
        deliver(hooked, answering(200))
        hooked.deliveries.again(now_is(hooked), hooked.clock())

    gone = deliver(hooked, answering(410))

    assert (gone.status, gone.answer, gone.due_at) == ("failed", 410, None)
    disabled = hooked.webhooks.get("anna", "w1")
    assert (disabled.is_gone, disabled.disabled_at) == (True, hooked.clock())


def test_a_receiver_that_comes_back_is_not_gone_any_more(hooked: Account) -> None:
    deliver(hooked, answering(410))
    hooked.deliveries.again(now_is(hooked), hooked.clock())

    assert deliver(hooked, answering(200)).status == "delivered"

    enabled = hooked.webhooks.get("anna", "w1")
    assert (enabled.is_gone, enabled.disabled_at) == (False, None)


@pytest.mark.parametrize("answer", [400, 404, 429, 500, 502, 503])
def test_no_other_answer_ends_a_webhook_at_once(hooked: Account, answer: int) -> None:
    assert deliver(hooked, answering(answer)).status == "pending"
    assert hooked.webhooks.get("anna", "w1").disabled_at is None


def test_one_success_ends_the_time_of_failing(hooked: Account) -> None:
    deliver(hooked, answering(500))
    hooked.clock.advance(PAUSES[0])
    assert deliver(hooked, answering(200)).status == "delivered"

    assert hooked.webhooks.get("anna", "w1").failing_since is None


def test_a_message_that_comes_twice_posts_once(hooked: Account) -> None:
    message = message_for_delivery(PENDING)
    posted: list[object] = []

    def post(*request: object) -> int:
        posted.append(request)
        return 500

    for _ in range(2):
        DeliverWebhook(webhooks=hooked.webhooks, deliveries=hooked.deliveries, post=post, clock=hooked.clock)(message)

    assert len(posted) == 1


def test_what_is_due_is_sent_once_until_it_is_due_again(hooked: Account) -> None:
    send = SendDueDeliveries(
        deliveries=hooked.deliveries, overdue=hooked.overdue, queue=hooked.webhook_queue, clock=hooked.clock
    )
    send()
    assert hooked.announced == []
    hooked.clock.advance(timedelta(minutes=2))
    for _ in range(2):
        send()
    assert hooked.announced == [message_for_delivery(PENDING)]


def test_a_test_event_that_is_taken_enables_a_disabled_webhook(hooked: Account) -> None:
    hooked.webhooks.note_failure(HOOK, NOON)
    hooked.webhooks.disable(hooked.webhooks.get("anna", "w1"), NOON)
    assert deliver(hooked, answering(200)).error == "The webhook was disabled."
    assert hooked.deliveries.again(now_is(hooked), hooked.clock())

    assert deliver(hooked, answering(200)).status == "delivered"

    assert hooked.webhooks.get("anna", "w1").disabled_at is None


def test_what_is_sent_by_hand_and_fails_neither_waits_nor_counts_against_the_webhook(hooked: Account) -> None:
    deliver(hooked, answering(200))
    hooked.deliveries.again(now_is(hooked), hooked.clock())

    assert deliver(hooked, answering(500)).status == "failed"
    assert hooked.webhooks.get("anna", "w1").failing_since is None


def test_what_is_on_its_way_to_a_deleted_webhook_is_given_up(hooked: Account) -> None:
    hooked.webhooks.remove(HOOK)

    assert deliver(hooked, answering(200)).error == "The webhook was deleted."


def test_a_receiver_that_does_not_answer_says_why_in_its_delivery(hooked: Account) -> None:
    def post(*_: object) -> int:
        raise NotAnsweredError("The host is not known to DNS.")

    assert deliver(hooked, post).error == "The host is not known to DNS."


def test_a_sixth_webhook_is_refused_until_one_is_deleted(account: Account) -> None:
    hooks = [
        Webhook(user_id="anna", webhook_id=f"w{number}", url=HOOK.url, secret=HOOK.secret, created_at=NOON)
        for number in range(MOST_WEBHOOKS + 1)
    ]
    for hook in hooks[:-1]:
        account.webhooks.add(hook)
    with pytest.raises(TooManyWebhooksError):
        account.webhooks.add(hooks[-1])

    account.webhooks.remove(hooks[0])
    account.webhooks.add(hooks[-1])

    assert account.webhooks.of_user("anna") == hooks[1:]


def test_a_secret_is_replaced_with_an_overlap_and_only_of_a_webhook_that_is_there(account: Account) -> None:
    account.webhooks.add(HOOK)

    account.webhooks.replace_secret(HOOK, "whsec_new", NOON)

    rotated = account.webhooks.get("anna", "w1")
    assert rotated.secrets(NOON + timedelta(hours=23)) == ["whsec_new", HOOK.secret]
    account.webhooks.remove(HOOK)
    with pytest.raises(WebhookNotFoundError):
        account.webhooks.replace_secret(HOOK, "whsec_new", NOON)
