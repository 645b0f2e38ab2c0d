"""What the functions of accounts and of the service itself do, each in all the ways that ask for a permission."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3

from background_remover.domain.jobs import item_id
from background_remover.domain.webhooks import Webhook
from background_remover.gateways.object_store import input_key
from background_remover.gateways.webhook_store import WebhookStore
from tests.contract.cloudformation import waiting
from tests.contract.deployment import PAGE_BUCKET, USER, Deployment, event, message
from tests.contract.work_on_images import deliver


def authorize(deployment: Deployment) -> None:
    deployment.make_api_key()
    deployment.invoke("AuthorizeFunction", event("authorize"))


def welcome(deployment: Deployment) -> None:
    sign_in = event("welcome")
    sign_in["request"]["userAttributes"]["sub"] = "somebody-new"
    deployment.invoke("WelcomeFunction", sign_in)


def api_keys(deployment: Deployment) -> None:
    deployment.make_api_key()
    for name, status in (("create_api_key", 201), ("api_keys", 200), ("delete_api_key", 204)):
        assert deployment.invoke("ApiKeysFunction", event(name))["statusCode"] == status


def reconcile(deployment: Deployment) -> None:
    long_ago = timedelta(hours=1)
    deployment.await_upload(age=long_ago)
    first, second, third = deployment.queue_batch(3, awaiting=1, age=long_ago)
    deployment.objects.delete([input_key(third)])
    orphan = replace(third, job_id=item_id("nobatch", 0), batch_id="nobatch")
    deployment.intake.record_refusal(orphan)
    deliver(deployment, [first])
    deployment.invoke("ReconcileFunction", event("reconcile"))
    deployment.invoke("ReconcileFunction", message("dead_letter", second))
    letter = event("dead_letter")
    letter["Records"][0]["body"] = json.dumps({"requestPayload": event("dropped")})
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace(
        event("dropped")["Records"][0]["s3"]["object"]["eTag"], deployment.drop()
    )
    assert deployment.invoke("ReconcileFunction", letter) == {"batchItemFailures": []}
    deployment.pay_for_plan()
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace('"sequencer": "', '"sequencer": "00')
    letter["Records"][0]["body"] = letter["Records"][0]["body"].replace(
        json.loads(letter["Records"][0]["body"])["requestPayload"]["Records"][0]["s3"]["object"]["eTag"],
        deployment.drop(),
    )
    assert deployment.invoke("ReconcileFunction", letter) == {"batchItemFailures": []}


def audit(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.queue_batch(2)
    spoiled = {"pk": {"S": USER}, "sk": {"S": "balance"}, "available": {"N": "0"}, "held": {"N": "24"}}
    boto3.client("dynamodb").put_item(TableName="CreditsTable", Item=spoiled)
    deployment.invoke("AuditFunction", event("audit"))


def credits(deployment: Deployment) -> None:
    deployment.invoke("CreditsFunction", event("credits"))
    request = event("credits")
    request["requestContext"]["authorizer"]["userId"] = "somebody-new"
    deployment.invoke("CreditsFunction", request)


def subscription(deployment: Deployment) -> None:
    deployment.pay_for_plan()
    deployment.invoke("SubscriptionFunction", event("subscription"))
    deployment.invoke("SubscriptionFunction", event("cancel_subscription"))


def pricing(deployment: Deployment) -> None:
    deployment.pay_for_plan()
    deployment.invoke("PricingFunction", event("pricing"))


def stats(deployment: Deployment) -> None:
    deployment.invoke("StatsFunction", event("stats"))


def on_billing_event(deployment: Deployment) -> None:
    for name in ("payment_succeeded", "payment_refunded", "plan_paid"):
        deployment.invoke("OnBillingEventFunction", event(name))


def webhooks(deployment: Deployment) -> None:
    made = json.loads(deployment.invoke("WebhooksFunction", event("create_webhook"))["body"])
    deployment.invoke("WebhooksFunction", event("webhooks"))
    one = {"webhookId": made["webhookId"]}
    sent = json.loads(deployment.invoke("WebhooksFunction", event("test_webhook") | {"pathParameters": one})["body"])
    for name in ("deliveries", "redeliver", "replace_webhook_secret", "delete_webhook"):
        parameters = {"pathParameters": {**one, "eventId": sent["eventId"]}}
        assert deployment.invoke("WebhooksFunction", event(name) | parameters)["statusCode"] < 300


def deliver_webhook(deployment: Deployment) -> None:
    made = json.loads(deployment.invoke("WebhooksFunction", event("create_webhook"))["body"])
    one = {"pathParameters": {"webhookId": made["webhookId"]}}
    sent = json.loads(deployment.invoke("WebhooksFunction", event("test_webhook") | one)["body"])
    letter = event("deliver_webhook")
    letter["Records"][0]["body"] = json.dumps(
        {"userId": USER, "webhookId": made["webhookId"], "eventId": sent["eventId"], "attempt": 0}
    )
    deployment.invoke("DeliverWebhookFunction", letter)


def smoke_test(deployment: Deployment) -> None:
    with deployment.versions(deployment.remove_version):
        deployment.invoke("SmokeTestFunction", event("smoke_test"))


def publish_page(deployment: Deployment) -> None:
    with waiting() as cloudformation:
        for kind in ("Create", "Delete"):
            request = event("publish_page") | {"RequestType": kind, "PhysicalResourceId": PAGE_BUCKET}
            deployment.invoke("PublishPageFunction", request | {"ResponseURL": cloudformation.url})


def nothing(_: Deployment) -> None:
    """Needs no AWS at all."""


def tell_of_what_ends() -> None:
    """The user of the events has a webhook, so that whoever ends something announces it."""
    WebhookStore(boto3.client("dynamodb"), table="JobsTable").add(
        Webhook(
            user_id=USER,
            webhook_id="w1",
            url="https://example.com/",
            secret="whsec_c2VjcmV0",
            created_at=datetime.now(UTC),
        )
    )
