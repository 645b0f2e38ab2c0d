"""`POST /pricing/calculate`: what images cost, and what the caller's plan makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain.pricing import quote
from background_remover.domain.tiers import TIERS
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.account import quote_body
from background_remover.http.request_limits import RequestLimits

subscriptions = deployment.subscriptions()


def calculate(request: Request) -> Response:
    from background_remover.http.requests import PricingFields
    from background_remover.http.validation import json_object, validated_json

    fields = validated_json(PricingFields, json_object(request.body()))
    left = subscriptions.left(request.user_id, fields.tier, datetime.now(UTC))
    return Response(
        HTTPStatus.OK,
        quote_body(
            quote(fields.total_images, TIERS[fields.tier].credits),
            tier=fields.tier,
            left_today=left.images if left else None,
        ),
    )


api = Api(
    {f"POST {PREFIX}/pricing/calculate": calculate},
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
