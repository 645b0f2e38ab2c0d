"""`GET`, `POST` and `DELETE /subscription`: the caller's plan and today's use of it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover import clients, deployment
from background_remover.domain.subscriptions import plan_named
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.account import plans_body
from background_remover.http.request_limits import RequestLimits
from background_remover.use_cases.subscribe import Subscribe

if TYPE_CHECKING:
    from background_remover.domain.subscriptions import Subscription


def clock() -> datetime:
    return datetime.now(UTC)


subscriptions = deployment.subscriptions()
subscribe = Subscribe(
    dynamodb=clients.dynamodb(), subscriptions=subscriptions, payments=deployment.payments(), clock=clock
)


def show(request: Request) -> Response:
    return _body(request.user_id, subscriptions.current(request.user_id))


def create(request: Request) -> Response:
    from background_remover.http.requests import SubscriptionFields
    from background_remover.http.validation import json_object, validated_json

    fields = validated_json(SubscriptionFields, json_object(request.body()))
    return _body(request.user_id, subscribe(request.user_id, plan_named(fields.plan), fields.payment_id))


def cancel(request: Request) -> Response:
    return _body(request.user_id, subscribe.cancel(request.user_id))


def _body(user_id: str, subscription: Subscription | None) -> Response:
    now = clock()
    usage = subscriptions.usage(user_id, now.date())
    return Response(HTTPStatus.OK, plans_body(subscription, usage, now))


api = Api(
    {
        f"GET {PREFIX}/subscription": show,
        f"POST {PREFIX}/subscription": create,
        f"DELETE {PREFIX}/subscription": cancel,
    },
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
