"""The routes of webhooks and the function that posts: secrets are shown once, and its role is small."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from background_remover.domain.webhooks import Delivery as Pending
from background_remover.domain.webhooks import DeliveryStatus, Webhook, trial_event
from background_remover.gateways.delivery_store import DeliveryStore
from background_remover.gateways.webhook_store import WebhookStore
from tests.contract.deployment import USER, Deployment, event
from tests.contract.template import statements_of

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WEBHOOK = event("delete_webhook")["pathParameters"]["webhookId"]
EVENT = event("redeliver")["pathParameters"]["eventId"]
HOOK = Webhook(
    user_id=USER,
    webhook_id=WEBHOOK,
    url="https://shop.example.com/hooks/photos",
    secret="whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    created_at=datetime.now(UTC),
)


def store() -> WebhookStore:
    return WebhookStore(boto3.client("dynamodb"), table="JobsTable")


def deliveries() -> DeliveryStore:
    return DeliveryStore(boto3.client("dynamodb"), table="JobsTable")


def ask(deployment: Deployment, name: str, **changes: Any) -> tuple[int, Any]:
    answer = deployment.invoke("WebhooksFunction", event(name) | changes)
    return answer["statusCode"], json.loads(answer["body"] or "null")


def on_its_way() -> None:
    """Makes the delivery that the events name."""
    made = trial_event(USER, WEBHOOK, datetime.now(UTC))
    deliveries().put(
        Pending(
            webhook_id=WEBHOOK,
            event=type(made)(
                user_id=USER, event_id=EVENT, type=made.type, body=made.body, happened_at=made.happened_at
            ),
            status=DeliveryStatus.PENDING,
            due_at=made.happened_at,
        )
    )


def in_queue() -> list[str]:
    url = boto3.client("sqs").get_queue_url(QueueName="WebhookQueue")["QueueUrl"]
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


def test_create_webhook_json_shows_the_secret_and_webhooks_json_never_does(deployment: Deployment) -> None:
    status, made = ask(deployment, "create_webhook")
    assert (status, made["secret"][:6], made["status"]) == (201, "whsec_", "enabled")

    _, listed = ask(deployment, "webhooks")
    assert [each["webhookId"] for each in listed["webhooks"]] == [made["webhookId"]]
    assert "secret" not in listed["webhooks"][0]


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://a@b.c/", ""]
)
def test_a_url_that_we_would_never_call_is_refused(deployment: Deployment, url: str) -> None:
    status, problem = ask(deployment, "create_webhook", body=json.dumps({"url": url}))
    assert (status, problem["errors"][0]["field"]) == (422, "url")
    assert store().of_user(USER) == []


def test_a_sixth_webhook_is_refused(deployment: Deployment) -> None:
    for _ in range(5):
        assert ask(deployment, "create_webhook")[0] == 201
    status, problem = ask(deployment, "create_webhook")
    assert (status, problem["code"]) == (409, "too_many_webhooks")


def test_replace_webhook_secret_json_makes_another_and_keeps_the_old_one_for_a_day(deployment: Deployment) -> None:
    store().add(HOOK)

    status, answer = ask(deployment, "replace_webhook_secret")

    kept = store().get(USER, WEBHOOK)
    assert (status, answer["secret"], kept.old_secret) == (200, kept.secret, HOOK.secret)
    assert kept.secret != HOOK.secret


def test_test_webhook_json_is_on_its_way_and_deliveries_json_shows_it(deployment: Deployment) -> None:
    store().add(HOOK)

    status, sent = ask(deployment, "test_webhook")

    assert (status, sent["type"], sent["status"]) == (202, "webhook.test", "pending")
    assert [json.loads(body)["eventId"] for body in in_queue()] == [sent["eventId"]]
    _, page = ask(deployment, "deliveries")
    assert page == {"deliveries": [sent], "nextCursor": None}


def test_redeliver_json_sends_an_event_again_that_had_failed(deployment: Deployment) -> None:
    store().add(HOOK)
    on_its_way()
    delivery = deliveries().get(USER, WEBHOOK, EVENT)
    deliveries().record(delivery, DeliveryStatus.FAILED, now=datetime.now(UTC), answer=500)

    status, answer = ask(deployment, "redeliver")

    assert (status, answer["status"], answer["answer"]) == (202, "pending", 500)
    assert [json.loads(body)["attempt"] for body in in_queue()] == [1]


def test_delete_webhook_json_deletes_it_and_a_second_time_there_is_none(deployment: Deployment) -> None:
    store().add(HOOK)
    assert ask(deployment, "delete_webhook")[0] == 204
    status, problem = ask(deployment, "delete_webhook")
    assert (status, problem["code"]) == (404, "webhook_not_found")


@pytest.mark.parametrize(
    "name", ["delete_webhook", "replace_webhook_secret", "test_webhook", "deliveries", "redeliver"]
)
def test_somebody_elses_webhook_is_not_found(deployment: Deployment, name: str) -> None:
    store().add(Webhook(user_id="somebody", webhook_id=WEBHOOK, url=HOOK.url, secret="s", created_at=HOOK.created_at))
    assert ask(deployment, name)[1]["code"] == "webhook_not_found"


def test_a_disabled_webhook_says_so_and_what_to_do(deployment: Deployment) -> None:
    store().add(HOOK)
    store().note_failure(HOOK, HOOK.created_at)
    assert store().disable(store().get(USER, WEBHOOK), HOOK.created_at)

    (shown,) = ask(deployment, "webhooks")[1]["webhooks"]

    assert shown["status"] == "disabled"
    assert shown["notice"].startswith("It failed for a day")
    assert "send it a test event" in shown["notice"]


def test_a_webhook_whose_receiver_answered_410_says_so(deployment: Deployment) -> None:
    store().add(HOOK)
    assert store().disable_gone(HOOK, HOOK.created_at)

    (shown,) = ask(deployment, "webhooks")[1]["webhooks"]

    assert shown["status"] == "disabled"
    assert shown["notice"].startswith("Its receiver answered 410")


def test_deliver_webhook_json_goes_out_and_records_what_came_of_it(deployment: Deployment) -> None:
    store().add(HOOK)
    on_its_way()

    # Tests may connect to nobody, and shop.example.com is nobody.
    assert deployment.invoke("DeliverWebhookFunction", event("deliver_webhook")) == {"batchItemFailures": []}

    delivery = deliveries().get(USER, WEBHOOK, EVENT)
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert delivery.error


@pytest.mark.parametrize("function", ["WebhooksFunction", "DeliverWebhookFunction"])
def test_of_the_jobs_table_the_functions_of_webhooks_may_touch_webhooks_only(function: str) -> None:
    conditions = [
        statement.get("Condition")
        for statement in statements_of(function)
        if any(action.startswith("dynamodb:") for action in statement["Action"])
        and {"Fn::GetAtt": "JobsTable.Arn"} in statement["Resource"]
    ]
    assert conditions == [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["webhooks#*"]}}]
