"""`POST /pricing/calculate`: what images cost, and what the caller's plan makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.domain.pricing import quote
from background_remover.domain.subscriptions import PLANS, coverage, room
from background_remover.domain.tiers import TIERS
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation import quote_body
from background_remover.observability import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

subscriptions = deployment.subscriptions()


def calculate(request: Request) -> Response:
    from background_remover.http.requests import PricingFields, json_object, validated_json

    fields = validated_json(PricingFields, json_object(request.body()))
    return Response(
        HTTPStatus.OK,
        quote_body(
            quote(fields.total_images, TIERS[fields.tier].credits),
            tier=fields.tier,
            left_today=_left_today(request.user_id, fields.tier),
        ),
    )


def _left_today(user_id: str, tier: str) -> int | None:
    """How many images of the tier the caller's plan still covers today; None where no plan has the tier."""
    now = datetime.now(UTC)
    subscription = subscriptions.current(user_id)
    if subscription is None or not subscription.is_active(now):
        return None
    plan = PLANS[subscription.plan]
    covers = coverage(plan, tier, now)
    return room(plan, covers, subscriptions.usage(user_id, covers.day)) if covers else None


api = Api({f"POST {PREFIX}/pricing/calculate": calculate}, allowed_origins=deployment.settings().allowed_origins)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)
