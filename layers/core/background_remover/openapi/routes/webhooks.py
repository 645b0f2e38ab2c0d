"""Where the caller is told of what ends."""

from http import HTTPStatus

from background_remover.domain import account_errors, credit_errors, request_errors
from background_remover.domain.webhooks import DeliveryStatus, EventType
from background_remover.http.answers.webhooks import Deliveries, Delivery, Webhook, Webhooks, WebhookWithSecret
from background_remover.http.api import PREFIX
from background_remover.http.requests import PageQuery, WebhookFields
from background_remover.openapi import examples
from background_remover.openapi.description import Answer, Json, Route, Tag

_WEBHOOK: Webhook = {
    "webhookId": examples.WEBHOOK_ID,
    "url": "https://shop.example.com/hooks/photos",
    "status": "enabled",
    "notice": None,
    "createdAt": "2026-11-24T09:30:00+00:00",
    "failingSince": None,
    "disabledAt": None,
    "oldSecretUntil": None,
}
_WITH_SECRET: WebhookWithSecret = {**_WEBHOOK, "secret": "whsec_V2VobG93bHlFeGFtcGxlU2VjcmV0T2ZOb2JvZHlzSG8="}
_DELIVERY: Delivery = {
    "eventId": examples.EVENT_ID,
    "type": EventType.JOB_COMPLETED,
    "status": DeliveryStatus.DELIVERED,
    "attempts": 1,
    "createdAt": "2026-11-24T09:30:03.482000+00:00",
    "attemptedAt": "2026-11-24T09:30:04.120000+00:00",
    "nextAttemptAt": None,
    "answer": 204,
    "error": None,
}
_SENT = Answer("The delivery, which is on its way.", {"application/json": Json(Delivery, {"an event": _DELIVERY})})
_ONE = f"{PREFIX}/webhooks/{{webhookId}}"

ROUTES = (
    Route(
        route=f"GET {PREFIX}/webhooks",
        name="listWebhooks",
        tag=Tag.WEBHOOKS,
        summary="List your webhooks",
        answers={
            HTTPStatus.OK: Answer(
                "The webhooks, oldest first.",
                {"application/json": Json(Webhooks, {"one webhook": {"webhooks": [_WEBHOOK]}})},
            )
        },
    ),
    Route(
        route=f"POST {PREFIX}/webhooks",
        name="createWebhook",
        tag=Tag.WEBHOOKS,
        summary="Make a webhook",
        description="From now on, each job and batch that ends is posted to the URL, signed as standardwebhooks.com "
        "says. The answer shows the secret, this once. You may have five webhooks.",
        bodies={"application/json": Json(WebhookFields, {"a webhook": {"url": _WEBHOOK["url"]}})},
        answers={
            HTTPStatus.CREATED: Answer(
                "The webhook.",
                {"application/json": Json(WebhookWithSecret, {"a webhook": _WITH_SECRET})},
                leads_to=("deleteWebhook", "testWebhook"),
            )
        },
        errors=(
            request_errors.MalformedJsonError,
            request_errors.MalformedBase64Error,
            request_errors.InvalidParameterError,
            account_errors.TooManyWebhooksError,
            credit_errors.ContentionError,
        ),
    ),
    Route(
        route=f"DELETE {_ONE}",
        name="deleteWebhook",
        tag=Tag.WEBHOOKS,
        summary="Delete a webhook",
        description="Events that are on their way to it are given up.",
        answers={HTTPStatus.NO_CONTENT: Answer("It is deleted.")},
        errors=(account_errors.WebhookNotFoundError, credit_errors.ContentionError),
    ),
    Route(
        route=f"POST {_ONE}/secret",
        name="replaceWebhookSecret",
        tag=Tag.WEBHOOKS,
        summary="Replace a webhook's secret",
        description="For a day, events are signed with the old secret as well. The answer shows the new one, this "
        "once.",
        answers={
            HTTPStatus.OK: Answer(
                "The webhook.", {"application/json": Json(WebhookWithSecret, {"a webhook": _WITH_SECRET})}
            )
        },
        errors=(account_errors.WebhookNotFoundError, credit_errors.ContentionError),
    ),
    Route(
        route=f"POST {_ONE}/test",
        name="testWebhook",
        tag=Tag.WEBHOOKS,
        summary="Send a test event",
        description="It is sent once. If a disabled webhook takes it, the webhook is enabled again.",
        answers={HTTPStatus.ACCEPTED: _SENT},
        errors=(account_errors.WebhookNotFoundError, credit_errors.ContentionError),
    ),
    Route(
        route=f"GET {_ONE}/deliveries",
        name="listDeliveries",
        tag=Tag.WEBHOOKS,
        summary="See what became of events",
        query=PageQuery,
        answers={
            HTTPStatus.OK: Answer(
                "A page of the deliveries of the last seven days, newest event first.",
                {
                    "application/json": Json(
                        Deliveries, {"one delivery": {"deliveries": [_DELIVERY], "nextCursor": None}}
                    )
                },
            )
        },
        errors=(
            request_errors.InvalidParameterError,
            request_errors.MalformedCursorError,
            account_errors.WebhookNotFoundError,
        ),
    ),
    Route(
        route=f"POST {_ONE}/deliveries/{{eventId}}",
        name="redeliver",
        tag=Tag.WEBHOOKS,
        summary="Send an event again",
        description="It is sent once, to a disabled webhook too. An event that is still on its way is sent now.",
        answers={HTTPStatus.ACCEPTED: _SENT},
        errors=(
            account_errors.WebhookNotFoundError,
            account_errors.DeliveryNotFoundError,
            credit_errors.ContentionError,
        ),
    ),
)
