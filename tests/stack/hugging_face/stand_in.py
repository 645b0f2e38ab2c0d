"""Hugging Face as our client sees it: a dedicated endpoint and fal's queue behind the router, on one loopback port."""

import hmac
import io
import random
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from PIL import Image

from tests.stack.hugging_face.answers import Answer, error_answer, inference_answer, json_answer, refusal
from tests.stack.hugging_face.control import control_answer
from tests.stack.hugging_face.fal_queue import FalQueue, InvalidPhotoError
from tests.stack.hugging_face.faults import REFUSALS, Call, Fault
from tests.stack.hugging_face.model import FixedMatte, MattingModel
from tests.stack.hugging_face.received import ReceivedRequest
from tests.stack.hugging_face.server import Server

# fal's routes follow the router's provider prefix, and fal-ai is also the owner of the app: /fal-ai/fal-ai/bria/….
APP = r"/fal-ai/(?P<app>[^/]+/[^/]+)"
ROUTES: tuple[tuple[str, Call, re.Pattern[str]], ...] = (
    ("POST", "infer", re.compile(r"/models/(?P<model>.+)")),
    ("GET", "poll", re.compile(APP + r"/requests/(?P<request_id>[^/]+)/status")),
    ("GET", "result", re.compile(APP + r"/requests/(?P<request_id>[^/]+)")),
    ("POST", "submit", re.compile(APP + r"(/.+)?")),
    ("GET", "file", re.compile(r"/files/(?P<request_id>[^/]+)\.png")),
)
TOKEN = "hf_stand_in"
CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp")


class HuggingFaceStandIn:
    """A running stand-in while its `with` block lasts.

    The endpoint dialect is at `url + "/models/<any name>"`, fal's at `url + "/fal-ai/fal-ai/bria/background/remove"`.
    """

    def __init__(
        self,
        token: str = TOKEN,
        segmenter: MattingModel | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self._token = token
        self._segmenter = segmenter or FixedMatte()
        self._latency = 0.0
        self._faults: list[Fault] = []
        self._chance = random.Random(0)
        self._requests: list[ReceivedRequest] = []
        self._last_photo: bytes | None = None
        self._lock = threading.Lock()
        self._queue = FalQueue(self._matte_for_the_queue)
        self._server = Server(host, port, self._respond)

    def __enter__(self) -> "HuggingFaceStandIn":
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def requests(self) -> list[ReceivedRequest]:
        """All requests since the start or the last `forget_requests`, oldest first."""
        with self._lock:
            return list(self._requests)

    @property
    def last_photo(self) -> bytes | None:
        """The image file in the latest "infer" or "submit", for tests of what is sent."""
        return self._last_photo

    def play(self, *faults: Fault) -> None:
        """Let the next requests meet these faults: each request the first that fits it and is not used up."""
        with self._lock:
            self._faults += faults

    def forget_faults(self) -> None:
        with self._lock:
            self._faults = []

    def forget_requests(self) -> None:
        with self._lock:
            self._requests, self._last_photo = [], None

    def set_latency(self, seconds: float) -> None:
        """Let every inference from now on take that long, if it does not take longer by itself."""
        self._latency = seconds

    def set_chance(self, seed: int) -> None:
        """Let chance, which decides on faults that meet a share of the requests, begin anew."""
        self._chance = random.Random(seed)

    def rotate_token(self, token: str) -> None:
        """Accept this token from now on, and the one before no more."""
        self._token = token

    def reset(self) -> None:
        """Forget faults and requests and take the latency away; the token stays."""
        self.forget_faults()
        self.forget_requests()
        self.set_latency(0)

    def _respond(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Answer, Fault | None]:
        url = urlsplit(target)
        if url.path == "/health":
            return json_answer({"status": "ok"}), None
        if url.path.startswith("/control/"):
            return control_answer(self, method, url.path, body), None
        query = dict(parse_qsl(url.query))
        call, names = _route(method, url.path, query)
        authorized = hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self._token}".encode())
        with self._lock:
            fault = self._next_fault(call) if call and (authorized or call == "file") else None
            kind = fault.kind if fault else None
            received = ReceivedRequest(call, method, url.path, query, dict(headers), len(body), authorized, kind)
            self._requests.append(received)
        if call is None:
            return error_answer(404, "Not Found"), None
        if not authorized and call != "file":
            return error_answer(401, "Invalid credentials in Authorization header"), None
        if fault and fault.kind in REFUSALS:
            return refusal(fault, names.get("model") or names.get("app", "")), None
        return self._serve(call, names, headers, body, fault), fault

    def _next_fault(self, call: Call) -> Fault | None:
        for position, fault in enumerate(self._faults):
            if fault.meets(call) and self._chance.random() < fault.share:
                left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                self._faults[position : position + 1] = left
                return fault
        return None

    def _serve(
        self, call: Call, names: Mapping[str, str], headers: Mapping[str, str], body: bytes, fault: Fault | None
    ) -> Answer:
        match call:
            case "infer":
                return self._infer_now(headers, body, fault)
            case "submit":
                answer, photo = self._queue.submit(names["app"], body, fault)
                self._last_photo = photo or self._last_photo
                return answer
            case "poll":
                return self._queue.poll(names["request_id"])
            case "result":
                return self._queue.result(names["request_id"], fault, f"{self.url}/files")
            case "file":
                return self._queue.file(names["request_id"], fault)

    def _infer_now(self, headers: Mapping[str, str], photo: bytes, fault: Fault | None) -> Answer:
        content_type = headers.get("content-type", "")
        if content_type not in CONTENT_TYPES:
            return error_answer(415, f'Content type "{content_type}" not supported.')
        self._last_photo = photo
        with self._latency_at_least():
            try:
                matte = self._matte(photo)
            except InvalidPhotoError as error:
                return error_answer(400, str(error))
            return inference_answer(photo, matte, headers.get("accept", "*/*"), fault)

    def _matte_for_the_queue(self, photo: bytes) -> Image.Image:
        with self._latency_at_least():
            return self._matte(photo)

    @contextmanager
    def _latency_at_least(self) -> Iterator[None]:
        """The work comes first and then the wait: who waits with it has the processors to itself."""
        over_at = time.monotonic() + self._latency
        try:
            yield
        finally:
            self._server.closing.wait(max(0.0, over_at - time.monotonic()))

    def _matte(self, photo: bytes) -> Image.Image:
        try:
            with Image.open(io.BytesIO(photo)) as picture:
                return self._segmenter.matte(picture)
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise InvalidPhotoError("cannot identify image file") from error


def _route(method: str, path: str, query: Mapping[str, str]) -> tuple[Call | None, dict[str, str]]:
    for expected_method, call, pattern in ROUTES:
        match = pattern.fullmatch(path)
        if match and method == expected_method:
            # Without it the router would ask fal.run instead of queue.fal.run.
            if call in ("submit", "poll", "result") and query.get("_subdomain") != "queue":
                return None, {}
            return call, match.groupdict()
    return None, {}
