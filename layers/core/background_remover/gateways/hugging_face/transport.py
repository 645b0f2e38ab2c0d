"""Authorised HTTP with a deadline that holds for the whole exchange, retries, and a circuit breaker per model."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
import urllib3

from background_remover.domain.errors import (
    InferenceMisconfiguredError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.gateways.hugging_face import verdict

if TYPE_CHECKING:
    from background_remover.gateways.secret import Secret

CONNECT_SECONDS = 3.05
SHORTEST_EXCHANGE = 1.0
"""Seconds; with less left before the deadline a call is not begun."""

LARGEST_ANSWER = 64 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    content_type: str
    body: bytes


class InterruptedExchangeError(InferenceUnavailableError):
    """The connection broke or timed out after the request may have arrived."""


class Transport:
    """One pooled session; safe to share between threads. Deadlines are instants of `clock`, in seconds."""

    def __init__(
        self,
        token: Secret,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._token = token
        self._session = requests.Session()
        self._session.trust_env = False  # A proxy or .netrc of the environment must never see or replace the token.
        self._open_until: dict[str, float] = {}
        self.clock = clock
        self.sleep = sleep

    def call(
        self,
        method: str,
        url: str,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        may_repeat: bool = True,
        breaker: str | None = None,
    ) -> Answer:
        """A 200, after as many tries as fit before the deadline.

        With `may_repeat=False` a request that may have arrived is not sent again. `breaker` names what stays shut for
        a while after an operator's fault, so that nobody hammers it; None for calls that such a fault does not shut. Raises the errors of `verdict.raise_for`.
        """
        if breaker and (shut_for := self._open_until.get(breaker, 0.0) - self.clock()) > 0:
            raise InferenceMisconfiguredError(
                "Hugging Face refused our configuration a moment ago.", retry_after=shut_for
            )
        tries = 0
        while True:
            try:
                return self._authorised(method, url, headers or {}, content, deadline)
            except InferenceMisconfiguredError as error:
                if breaker:
                    self._open_until[breaker] = self.clock() + error.retry_after
                raise
            except InferenceUnavailableError as error:
                if isinstance(error, InterruptedExchangeError) and not may_repeat:
                    raise
                tries += 1
                # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
                wait = error.retry_after or random.uniform(0, min(8.0, 0.5 * 2**tries))
                if self.clock() + wait + SHORTEST_EXCHANGE > deadline:
                    raise
                self.sleep(wait)

    def fetch(self, url: str, *, deadline: float) -> Answer:
        """A file, fetched without the token."""
        return self._exchange("GET", url, {}, None, deadline)

    def _authorised(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, deadline: float
    ) -> Answer:
        try:
            return self._exchange(method, url, self._with_token(headers), content, deadline)
        except _UnauthorizedError:
            self._token.forget()
        try:
            return self._exchange(method, url, self._with_token(headers), content, deadline)
        except _UnauthorizedError as error:
            self._token.forget()
            raise InferenceMisconfiguredError(error.detail, retry_after=error.retry_after) from error

    def _with_token(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.value()}", **headers}

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, deadline: float
    ) -> Answer:
        remaining = deadline - self.clock()
        if remaining <= 0:
            raise InferenceUnavailableError("No time is left for Hugging Face.", retry_after=verdict.UNSPECIFIED)
        try:
            with self._session.request(
                method,
                url,
                headers=headers,
                data=content,
                timeout=(min(CONNECT_SECONDS, remaining), remaining),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._read(response, deadline)
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise _unreachable(error) from error
        except requests.ConnectionError as error:
            if _was_refused(error):
                raise _unreachable(error) from error
            raise _interrupted(error) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _interrupted(error) from error
        try:
            verdict.raise_for(response.status_code, response.headers, body)
        except InferenceMisconfiguredError as error:
            if response.status_code == 401:
                raise _UnauthorizedError(error.detail, retry_after=error.retry_after) from None
            raise
        return Answer(response.headers.get("Content-Type", "").partition(";")[0].strip().lower(), body)

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """The body, piece by piece: `requests`' own read time-out starts anew with every byte that drips in."""
        body = bytearray()
        while piece := response.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if self.clock() > deadline:
                raise requests.ReadTimeout("the answer drips in too slowly")
            if len(body) > LARGEST_ANSWER:
                raise InvalidMatteError(f"Hugging Face's answer is larger than {LARGEST_ANSWER} bytes.")
        return bytes(body)


class _UnauthorizedError(InferenceMisconfiguredError):
    """A 401: perhaps only our copy of the token is old."""


def _unreachable(error: Exception) -> InferenceUnavailableError:
    return InferenceUnavailableError(f"Hugging Face cannot be reached: {error}", retry_after=verdict.UNSPECIFIED)


def _interrupted(error: Exception) -> InterruptedExchangeError:
    return InterruptedExchangeError(f"Hugging Face did not finish its answer: {error}", retry_after=verdict.UNSPECIFIED)


def _was_refused(error: requests.ConnectionError) -> bool:
    """Whether no connection came about, so that nothing was sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)
