"""`GET /credits`: the caller's balance and a page of the ledger."""

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.account import credits_body

ledger = deployment.ledger()


def show_credits(request: Request) -> Response:
    from background_remover.http.requests import PageQuery
    from background_remover.http.validation import validated

    query = validated(PageQuery, request.query)
    now = datetime.now(UTC)
    balance, uncharged = ledger.balance(request.user_id, now), deployment.allowance().of(request.user_id, now)
    entries, next_cursor = ledger.entries(request.user_id, limit=query.limit, cursor=query.cursor)
    return Response(HTTPStatus.OK, credits_body(balance, uncharged, entries, next_cursor))


api = Api({f"GET {PREFIX}/credits": show_credits}, allowed_origins=deployment.settings().allowed_origins)
handler = api.handler
