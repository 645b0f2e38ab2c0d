"""Authorised HTTP with one deadline for all of an exchange and its repetitions."""

from __future__ import annotations

import contextlib
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from requests.adapters import HTTPAdapter

from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceUnavailableError,
)
from background_remover.gateways.hugging_face import courses, verdict
from background_remover.gateways.hugging_face.courses import COURSES, Evidence, Repeat
from background_remover.gateways.hugging_face.excerpts import excerpt

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.gate import Gate
    from background_remover.gateways.secret import Secret

CONNECT_SECONDS = 3.05
SHORTEST_EXCHANGE = 1.0
"""Seconds; with less left before the deadline a call is not repeated."""

FIRST_BACK_OFF = 1.0
LONGEST_BACK_OFF = 8.0
"""Seconds that a repeat waits at most where Hugging Face does not say how long: at first, each time twice as long."""

IDLE_SECONDS = 30.0
"""Connections that nobody used for longer are not trusted: a frozen container does not see the other side hang up."""

LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, which need not be an answer to what was asked."""

    content_type: str
    body: bytes

    @property
    def is_image(self) -> bool:
        return bool(self.body) and self.content_type.startswith(("image/", "application/octet-stream"))

    def json(self) -> object:
        """Raises `UnreadableAnswerError`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise self.lacking("JSON") from None

    def lacking(self, expected: str, *, found: str | None = None) -> courses.UnreadableAnswerError:
        """It says nothing of the image, as an outage's 500 does not. `found`: else the body's beginning is told."""
        return courses.UnreadableAnswerError(
            f"Hugging Face answered with {found or excerpt(self.body)} where {expected} was expected.",
            retry_after=verdict.UNSPECIFIED,
        )


class Transport:
    """One pool of connections; safe to share between threads. Deadlines are instants of `clock`, in seconds.

    `count` is told of each answer, and of each failure to get one, by the names of our metrics; `gate` of what they say
    of the model, and whether a call may be repeated.
    """

    def __init__(
        self,
        token: Secret,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        count: Callable[[str], None],
        gate: Gate,
    ) -> None:
        self._token = token
        self._gate = gate
        self._count = count
        # Without a `requests.Session`, which would bring cookies, redirects, proxies and .netrc into play.
        self._http = HTTPAdapter()
        self._lock = threading.Lock()
        self._used_at = clock()
        self.clock = clock
        self.sleep = sleep

    def call[Content](
        self,
        method: str,
        url: str,
        read: Callable[[Answer], Content],
        *,
        deadline: float,
        headers: Mapping[str, str],
        content: bytes | None = None,
        may_repeat: bool = True,
    ) -> Content:
        """What `read` makes of a 2xx, after as many tries as fit before the deadline.

        `read` raises `InferenceUnavailableError` for an answer that is none, and that is tried again like a 500. With
        `may_repeat=False` a request that may have been taken is not sent again. Raises the errors of
        `verdict.raise_for` and of `read`.
        """
        return self._repeatedly(
            lambda: read(self._authorised(method, url, headers, content, deadline)), deadline, may_repeat=may_repeat
        )

    def fetch[Content](self, url: str, read: Callable[[Answer], Content], *, deadline: float) -> Content:
        """What `read` makes of a file, fetched without the token; else as `call`."""
        return self._repeatedly(lambda: read(self._exchange("GET", url, {}, None, deadline)), deadline, may_repeat=True)

    def knock(self, url: str, *, headers: Mapping[str, str], deadline: float) -> None:
        """One authorised GET, whose answer says nothing of the model. Raises the errors of `verdict.raise_for`."""
        self._authorised("GET", url, headers, None, deadline)

    def _repeatedly[Content](self, exchange: Callable[[], Content], deadline: float, *, may_repeat: bool) -> Content:
        tries = 0
        while True:
            try:
                content = exchange()
            except InferenceUnavailableError as error:
                course = COURSES[type(error)]
                if course.evidence is Evidence.FAILURE:
                    self._gate.failed(error.retry_after)
                if course.repeat is not Repeat.YES and not (course.repeat is Repeat.UNLESS_BILLED and may_repeat):
                    raise
                # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
                wait = error.retry_after or random.uniform(0, min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2**tries))
                tries += 1
                if self.clock() + wait + SHORTEST_EXCHANGE > deadline or not self._gate.may_repeat():
                    raise
                self._count("HuggingFaceRepeats")
                self.sleep(wait)
            except InferenceError:
                self._gate.answered()
                raise
            else:
                self._gate.answered()
                return content

    def _authorised(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, deadline: float
    ) -> Answer:
        try:
            token = self._token.value()
        except (BotoCoreError, ClientError) as error:
            raise InferenceMisconfiguredError(
                "Hugging Face's token cannot be read.", retry_after=verdict.MISCONFIGURED_WAIT
            ) from error

        def exchange(token: str) -> Answer:
            return self._exchange(method, url, {"Authorization": f"Bearer {token}", **headers}, content, deadline)

        try:
            return exchange(token)
        except courses.TokenRefusedError:
            # It may have been replaced since it was read.
            with contextlib.suppress(BotoCoreError, ClientError):
                if (other := self._token.other_than(token)) is not None:
                    return exchange(other)
            raise

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, deadline: float
    ) -> Answer:
        remaining = deadline - self.clock()
        if remaining <= 0:
            raise courses.NotAskedError("No time is left for Hugging Face.", retry_after=verdict.UNSPECIFIED)
        self._drop_idle_connections()
        upload = None if content is None else _Upload(content, self.clock, deadline)
        timeout = urllib3.Timeout(total=remaining, connect=min(CONNECT_SECONDS, remaining))
        try:
            request = requests.Request(method, url, headers=headers, data=upload).prepare()
            with self._http.send(
                request,
                stream=True,
                timeout=timeout,  # type: ignore[arg-type]  # its documentation lists this type, its stubs do not
            ) as response:
                body = self._read(response.raw, deadline)
        except ValueError:
            # The error quotes what does not fit into HTTP, and that may be the token.
            raise InferenceMisconfiguredError(
                "The address, the headers or the token of this model cannot be sent.",
                retry_after=verdict.MISCONFIGURED_WAIT,
            ) from None
        except (OSError, urllib3.exceptions.HTTPError) as error:
            self._count("HuggingFaceUnanswered")
            reason = type(_root(error)).__name__
            if _is_unconnected(error):
                raise InferenceUnavailableError(
                    f"Hugging Face cannot be reached ({reason}).", retry_after=verdict.UNSPECIFIED
                ) from error
            raise courses.OutcomeUnknownError(
                f"Hugging Face did not finish its answer ({reason}).", retry_after=verdict.UNSPECIFIED
            ) from error
        self._count("HuggingFaceAnswers")
        if metric := verdict.metric_of(response.status_code):
            self._count(metric)
        verdict.raise_for(response.status_code, response.headers, body)
        return Answer(response.headers.get("Content-Type", "").partition(";")[0].strip().lower(), body)

    def _drop_idle_connections(self) -> None:
        with self._lock:
            now = self.clock()
            if now - self._used_at > IDLE_SECONDS:
                self._http.close()  # It opens new ones all the same.
            self._used_at = now

    def _read(self, raw: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """The body. The socket's time-out starts anew with every byte, so the deadline needs a watch of its own."""
        watch = threading.Timer(deadline - self.clock(), _cut_off, [raw])
        watch.daemon = True
        watch.start()
        body = bytearray()
        try:
            while True:
                piece = raw.read1(_CHUNK, decode_content=True)
                if self.clock() >= deadline:
                    raise TimeoutError
                if not piece:
                    return bytes(body)
                body += piece
                if len(body) > LARGEST_ANSWER:
                    raise courses.OutcomeUnknownError(
                        f"Hugging Face's answer is larger than {LARGEST_ANSWER} bytes.", retry_after=verdict.UNSPECIFIED
                    )
        finally:
            watch.cancel()


class _Upload:
    """A body in pieces, as urllib3 gives each write only the time to connect: a slow line may need it many times."""

    def __init__(self, content: bytes, clock: Callable[[], float], deadline: float) -> None:
        self._content = content
        self._clock = clock
        self._deadline = deadline

    def __len__(self) -> int:
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), _CHUNK):
            if self._clock() >= self._deadline:
                raise TimeoutError
            yield self._content[start : start + _CHUNK]


def _cut_off(raw: urllib3.BaseHTTPResponse) -> None:
    """Ends a read that another thread is blocked in, if it still is."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        raw.shutdown()


def _is_unconnected(error: Exception) -> bool:
    """Whether no connection came about, so that nothing was sent."""
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else None
    return isinstance(
        getattr(cause, "reason", None), urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.NewConnectionError
    )


def _root(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
