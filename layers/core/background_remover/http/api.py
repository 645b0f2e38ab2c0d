"""What every API function shares: its routes, CORS, and errors as problem documents.

API Gateway has found the route already, so a table is all the routing there is. Powertools' resolver would do the same,
for a fifth of what importing boto3 takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from background_remover.domain.errors import DomainError
from background_remover.domain.request_errors import RouteNotFoundError
from background_remover.http.messages import Request, Response
from background_remover.http.problems import problem, problem_for
from background_remover.observability import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from background_remover.http.request_limits import RequestLimits

PREFIX = "/api/background-remover"

_RESPONSE_HEADERS = "Cache-Status,Link,Location,Preference-Applied,RateLimit,RateLimit-Policy,Retry-After"
NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""What an answer is, its Content-Type says: no browser may guess anything else."""

_LOGGED_DETAIL = 500  # Characters; some details quote what the caller sent.


class Api:
    """`routes` by method and resource, such as `GET /api/background-remover/jobs/{jobId}`.

    `limits` is what requests that cost something take of. `handler` is what Lambda calls.
    """

    def __init__(
        self,
        routes: Mapping[str, Callable[[Request], Response]],
        *,
        allowed_origins: Sequence[str],
        limits: RequestLimits | None = None,
    ) -> None:
        self.routes = routes
        self._limits = limits
        self._allowed_origins = allowed_origins
        self.handler = metrics.log_metrics(logger.inject_lambda_context(self._answer, clear_state=True))

    def _answer(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = Request(event, context)
        response = self._respond(request)
        headers = {"Cache-Control": "no-store", "Vary": "Origin", **NO_SNIFFING}
        return response.to_gateway({**headers, **request.limit_headers, **self._cors(request)})

    def _respond(self, request: Request) -> Response:
        try:
            if request.route not in self.routes:
                raise RouteNotFoundError("There is no such route. GET /api/docs shows all.")
            if self._limits:
                self._limits.admit(request)
            return self.routes[request.route](request)
        except DomainError as error:
            logger.info("Refused", code=error.code, detail=error.detail[:_LOGGED_DETAIL])
            return problem_for(error, request.request_id)
        except Exception:
            logger.exception("Unexpected error")
            return problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                code="internal_error",
                detail="Something went wrong on our side. Try again; if it stays, report the requestId.",
                request_id=request.request_id,
            )
        finally:
            if self._limits:
                self._limits.leave(request)

    def _cors(self, request: Request) -> dict[str, str]:
        """Nothing for an origin that is not allowed: the browser then keeps the answer from its page."""
        origin = request.headers.get("origin")
        if origin is None or not {"*", origin}.intersection(self._allowed_origins):
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _RESPONSE_HEADERS,
        }
