"""What a request takes of its caller's limits, and the headers that say how much is left.

RateLimit and RateLimit-Policy are those of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from background_remover.domain.request_errors import TooManyRequestsError
from background_remover.observability import count, logger

if TYPE_CHECKING:
    from background_remover.gateways.limit_store import LimitStore
    from background_remover.http.messages import Request

POLICY = "default"


class RequestLimits:
    """Reading is free. `keeps_busy`: what the routes do keeps a function busy for seconds, unless the caller does not
    want to wait for it.

    A request whose limits cannot be looked at is let through: they are to protect the service, not to take it down.
    """

    def __init__(self, store: LimitStore, *, keeps_busy: bool = False) -> None:
        self._store = store
        self._keeps_busy = keeps_busy

    def admit(self, request: Request) -> None:
        """Takes a token and, if it is needed and free, a place. Raises `TooManyRequestsError`."""
        if request.method != "GET":
            self.spend(request, 1, needs_place=self._keeps_busy and not request.responds_async)

    def spend(self, request: Request, tokens: int, *, needs_place: bool = False) -> None:
        """Takes more tokens for a request that costs more than others. Raises `TooManyRequestsError`."""
        try:
            spent = self._store.spend(request.user_id, datetime.now(UTC), tokens=tokens, needs_place=needs_place)
        except TooManyRequestsError as error:
            count("RequestsLimited")
            request.limit_headers = self._headers(left=0, seconds=error.retry_after)
            raise
        except (BotoCoreError, ClientError):
            logger.exception("The limits could not be looked at; the request is let through")
            return
        request.limit_headers = self._headers(left=spent.left, seconds=spent.full_in / 1000)
        if needs_place:
            request.place = spent.place
            request.has_no_place = spent.place is None

    def take_place(self, request: Request) -> bool:
        """Takes a place, and no token, for a GET that waits. False where none is free, or nobody can say so."""
        try:
            spent = self._store.spend(request.user_id, datetime.now(UTC), tokens=0, needs_place=True)
        except (TooManyRequestsError, BotoCoreError, ClientError):
            logger.warning("No place could be taken; the request is answered at once", exc_info=True)
            return False
        request.place = spent.place
        return spent.place is not None

    def leave(self, request: Request) -> None:
        """Gives back the place that the request took, if it did."""
        if request.place:
            try:
                self._store.leave(request.place)
            except (BotoCoreError, ClientError):
                logger.exception("A place could not be given back; it runs out by itself")

    def _headers(self, *, left: int, seconds: float) -> dict[str, str]:
        policy = self._store.policy
        return {
            "RateLimit-Policy": f'"{POLICY}";q={policy.burst};w={math.ceil(policy.window / 1000)}',
            "RateLimit": f'"{POLICY}";r={left};t={math.ceil(seconds)}',
        }
