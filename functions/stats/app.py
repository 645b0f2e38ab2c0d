"""`GET /stats`: what became of the caller's jobs, how long they took and what they cost."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.account import statistics_body, subscription_body

statistics, subscriptions = deployment.statistics(), deployment.subscriptions()


def show(request: Request) -> Response:
    now, user_id = datetime.now(UTC), request.user_id
    plan = subscription_body(subscriptions.current(user_id), subscriptions.usage(user_id, now.date()), now)
    return Response(HTTPStatus.OK, statistics_body(statistics.of(user_id), plan))


api = Api({f"GET {PREFIX}/stats": show}, allowed_origins=deployment.settings().allowed_origins)
handler = api.handler
