"""What the caller has and has paid."""

from http import HTTPStatus

from background_remover.domain import errors
from background_remover.http.answers import CreditsPage
from background_remover.http.api import PREFIX
from background_remover.http.requests import PageQuery
from background_remover.openapi import examples
from background_remover.openapi.description import Answer, Json, Route, Tag

ROUTES = (
    Route(
        route=f"GET {PREFIX}/credits",
        name="getCredits",
        tag=Tag.ACCOUNT,
        summary="Get your balance and the ledger behind it",
        query=PageQuery,
        answers={
            HTTPStatus.OK: Answer(
                "The balance, and a page of the ledger.",
                {"application/json": Json(CreditsPage, {"a page": examples.CREDITS})},
            )
        },
        errors=(errors.InvalidParameterError, errors.ContentionError),
    ),
)
