"""The HTTP side that every API function shares: routing, CORS, the caller, and errors as problem documents."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response

from background_remover.domain.errors import DomainError
from background_remover.http.problems import problem, problem_for
from background_remover.observability import logger

PREFIX = "/api/background-remover"

_REQUEST_HEADERS = ["Accept", "Idempotency-Key", "Prefer"]
_RESPONSE_HEADERS = ["Location", "Preference-Applied", "Retry-After"]
_PREFLIGHT_SECONDS = 7200  # What Chromium caches at most.


def create_api(allowed_origins: list[str]) -> APIGatewayRestResolver:
    """A resolver whose domain errors become their problem documents, and whose bugs become a logged 500."""
    first, *others = allowed_origins
    api = APIGatewayRestResolver(
        cors=CORSConfig(
            allow_origin=first,
            extra_origins=others,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )
    )

    def refuse(error: DomainError) -> Response[str]:
        logger.info("Refused", code=error.code, detail=error.detail)
        return problem_for(error, request_id(api))

    def fail(error: Exception) -> Response[str]:
        logger.exception("Unexpected error")
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            code="internal_error",
            detail="Something went wrong on our side. Try again; if it stays, report the requestId.",
            request_id=request_id(api),
        )

    api.exception_handler(DomainError)(refuse)
    api.exception_handler(Exception)(fail)
    return api


def request_id(api: APIGatewayRestResolver) -> str:
    return api.current_event.request_context.request_id or ""


def caller(api: APIGatewayRestResolver) -> str:
    """The user's id, as the authorizer established it."""
    return str(api.current_event.request_context.authorizer["userId"])
