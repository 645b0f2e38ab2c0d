"""`GET /credits`: the caller's balance and a page of the ledger."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from background_remover import deployment
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation import credits_body
from background_remover.observability import logger

ledger = deployment.ledger()


def show_credits(request: Request) -> Response:
    from background_remover.http.requests import PageQuery, validated

    query = validated(PageQuery, request.query)
    balance = ledger.balance(request.user_id, datetime.now(UTC))
    entries, next_cursor = ledger.entries(request.user_id, limit=query.limit, cursor=query.cursor)
    return Response(HTTPStatus.OK, credits_body(balance, entries, next_cursor))


api = Api({f"GET {PREFIX}/credits": show_credits}, allowed_origins=deployment.settings().allowed_origins)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api(event, context)
