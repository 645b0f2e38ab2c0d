"""`/webhooks` and what is below it: where the caller is told of what ends, and what became of telling."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain import webhooks as domain
from background_remover.domain.jobs import GRACE, job_id
from background_remover.domain.webhooks import Delivery, DeliveryStatus, Webhook
from background_remover.gateways.work_queue import message_for_delivery
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.webhooks import delivery_body, webhook_body
from background_remover.http.request_limits import RequestLimits

webhooks = deployment.webhooks()
deliveries = deployment.deliveries()
queue = deployment.webhook_queue()


def list_webhooks(request: Request) -> Response:
    return Response(HTTPStatus.OK, {"webhooks": [webhook_body(each) for each in webhooks.of_user(request.user_id)]})


def create_webhook(request: Request) -> Response:
    """One of the two answers that ever hold a secret."""
    from background_remover.http.requests import WebhookFields
    from background_remover.http.validation import json_object, validated_json

    fields = validated_json(WebhookFields, json_object(request.body()))
    now = datetime.now(UTC)
    webhook = Webhook(
        user_id=request.user_id,
        webhook_id=job_id(now, secrets.token_bytes(8)),
        url=fields.url,
        secret=domain.secret(secrets.token_bytes(domain.SECRET_BYTES)),
        created_at=now,
    )
    webhooks.add(webhook)
    return Response(HTTPStatus.CREATED, {**webhook_body(webhook), "secret": webhook.secret})


def delete_webhook(request: Request) -> Response:
    webhooks.remove(found(request))
    return Response(HTTPStatus.NO_CONTENT)


def replace_secret(request: Request) -> Response:
    webhook = found(request)
    secret = domain.secret(secrets.token_bytes(domain.SECRET_BYTES))
    webhooks.replace_secret(webhook, secret, datetime.now(UTC))
    return Response(HTTPStatus.OK, {**webhook_body(webhook), "secret": secret})


def send_test(request: Request) -> Response:
    webhook = found(request)
    now = datetime.now(UTC)
    delivery = Delivery(
        webhook_id=webhook.webhook_id,
        event=domain.trial_event(webhook.user_id, webhook.webhook_id, now),
        status=DeliveryStatus.PENDING,
        due_at=now + GRACE,
        by_hand=True,
    )
    deliveries.put(delivery)
    queue.send(message_for_delivery(delivery))
    return Response(HTTPStatus.ACCEPTED, delivery_body(delivery))


def list_deliveries(request: Request) -> Response:
    from background_remover.http.requests import PageQuery
    from background_remover.http.validation import validated

    page = validated(PageQuery, request.query)
    listed, cursor = deliveries.of_webhook(found(request), limit=page.limit, cursor=page.cursor)
    return Response(HTTPStatus.OK, {"deliveries": [delivery_body(each) for each in listed], "nextCursor": cursor})


def redeliver(request: Request) -> Response:
    webhook = found(request)
    delivery = deliveries.get(webhook.user_id, webhook.webhook_id, request.path["eventId"])
    if deliveries.again(delivery, datetime.now(UTC)):
        delivery = replace(delivery, status=DeliveryStatus.PENDING, by_hand=True)
    queue.send(message_for_delivery(delivery))
    return Response(HTTPStatus.ACCEPTED, delivery_body(delivery))


def found(request: Request) -> Webhook:
    return webhooks.get(request.user_id, request.path["webhookId"])


one = f"{PREFIX}/webhooks/{{webhookId}}"
api = Api(
    {
        f"GET {PREFIX}/webhooks": list_webhooks,
        f"POST {PREFIX}/webhooks": create_webhook,
        f"DELETE {one}": delete_webhook,
        f"POST {one}/secret": replace_secret,
        f"POST {one}/test": send_test,
        f"GET {one}/deliveries": list_deliveries,
        f"POST {one}/deliveries/{{eventId}}": redeliver,
    },
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
