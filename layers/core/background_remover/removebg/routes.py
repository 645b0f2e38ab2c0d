"""Around each of remove.bg's routes: whose key it is, what the request takes of the limits, and its kind of errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover.domain.errors import DomainError
from background_remover.http.request_limits import RequestLimits
from background_remover.observability import logger
from background_remover.removebg.refusals import RefusedError, answer_to_error, refusal
from background_remover.use_cases.authenticate import InvalidTokenError

if TYPE_CHECKING:
    from background_remover.http.messages import Request, Response

LOGGED = 200  # Characters; some reasons quote what the caller sent.


class XRateLimits(RequestLimits):
    """The same limits, told by the headers that remove.bg has for them."""

    def _headers(self, *, left: int, seconds: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self._store.policy.burst),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(round(datetime.now(UTC).timestamp() + seconds)),
        }


def guarded(
    route: Callable[[Request], Response], *, authenticate: Callable[[str], str], limits: RequestLimits
) -> Callable[[Request], Response]:
    """`authenticate` takes the value of an Authorization header."""

    def answer(request: Request) -> Response:
        try:
            request.user_id = _user_of(request, authenticate)
            limits.admit(request)
            return route(request)
        except RefusedError as refused:
            logger.info("Refused", code=refused.code, detail=refused.detail[:LOGGED])
            return refused.answer()
        except DomainError as error:
            logger.info("Refused", code=error.code, detail=error.detail[:LOGGED])
            return answer_to_error(error)
        except Exception:
            logger.exception("Unexpected error")
            detail = f"Try again; if it stays, report the request {request.request_id}."
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return refusal(status, "internal_error", "Something went wrong on our side.", detail)
        finally:
            limits.leave(request)

    return answer


def _user_of(request: Request, authenticate: Callable[[str], str]) -> str:
    """Raises `RefusedError`."""
    key = request.headers.get("x-api-key", "").strip()
    authorization = f"Bearer {key}" if key else request.headers.get("authorization", "")
    if not authorization:
        raise RefusedError("auth_failed", "Send your API key in the header X-Api-Key.")
    try:
        return authenticate(authorization)
    except InvalidTokenError as error:
        logger.info("Not authenticated", reason=str(error)[:LOGGED])
        raise RefusedError("auth_failed", "The API key is not valid.") from None
