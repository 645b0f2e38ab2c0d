"""`GET /credits`: the caller's balance and a page of the ledger."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from background_remover import deployment
from background_remover.http.api import PREFIX, caller, create_api
from background_remover.http.representation import credits_body
from background_remover.observability import logger

api = create_api(deployment.settings().allowed_origins)
ledger = deployment.ledger()


@api.get(f"{PREFIX}/credits")
def show_credits() -> dict[str, Any]:
    from background_remover.http.requests import PageQuery, validated

    query = validated(PageQuery, api.current_event.query_string_parameters)
    user_id = caller(api)
    balance = ledger.balance(user_id, datetime.now(UTC))
    entries, next_cursor = ledger.entries(user_id, limit=query.limit, cursor=query.cursor)
    return credits_body(balance, entries, next_cursor)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
