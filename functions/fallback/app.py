"""What no other function answers: browsers' preflights, and paths that are no route.

Preflights have a function of their own, because `sam local start-api` merges the methods of one path and function, and
then guards all of them or none: https://github.com/aws/aws-sam-cli/blob/develop/samcli/lib/providers/api_collector.py
"""

from __future__ import annotations

from http import HTTPStatus

from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.settings import Settings

METHODS = {
    "remove": "POST",
    "uploads": "POST",
    "batch": "POST",
    "batch/{batchId}": "GET",
    "batch/{batchId}/cancel": "POST",
    "batch/{batchId}/download": "GET",
    "jobs": "GET",
    "jobs/{jobId}": "DELETE,GET",
    "jobs/{jobId}/render": "POST",
    "credits": "GET",
    "subscription": "DELETE,GET,POST",
    "pricing/calculate": "POST",
    "stats": "GET",
    "api-keys": "GET,POST",
    "api-keys/{keyId}": "DELETE",
    "webhooks": "GET,POST",
    "webhooks/{webhookId}": "DELETE",
    "webhooks/{webhookId}/secret": "POST",
    "webhooks/{webhookId}/test": "POST",
    "webhooks/{webhookId}/deliveries": "GET",
    "webhooks/{webhookId}/deliveries/{eventId}": "POST",
}
REQUEST_HEADERS = "Accept,Authorization,Cache-Control,Content-Type,Idempotency-Key,Prefer"
MAX_AGE = "7200"  # What Chromium caches at most.


def allow(request: Request) -> Response:
    return Response(
        HTTPStatus.NO_CONTENT,
        headers={
            "Access-Control-Allow-Methods": METHODS[request.resource.removeprefix(f"{PREFIX}/")],
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": MAX_AGE,
        },
    )


api = Api(
    {f"OPTIONS {PREFIX}/{path}": allow for path in METHODS},
    allowed_origins=Settings.from_environment().allowed_origins,
)
handler = api.handler
