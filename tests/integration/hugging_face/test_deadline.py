"""The deadline, against sockets that stall: real time, fractions of a second."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from background_remover.domain.inference_errors import InferenceUnavailableError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.hugging_face.transport import LARGEST_ANSWER
from imaging.photo import EncodedImage
from tests.integration.hugging_face.asking import ENDPOINT, FAL, matte, routes
from tests.integration.hugging_face.conftest import ClientFor, StoredToken
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

SECONDS = 0.3
MARGIN = 1.0


def unavailable_after(
    url: str, token: StoredToken, model: Model = ENDPOINT, *, seconds: float = SECONDS, sent: EncodedImage | None = None
) -> float:
    """How long it took."""
    client = HuggingFace(routes(url), token.secret)
    token.secret.value()
    started = time.monotonic()
    with pytest.raises(InferenceUnavailableError):
        matte(client, model, seconds=seconds, sent=sent)
    return time.monotonic() - started


@pytest.mark.parametrize("model", [ENDPOINT, FAL])
@pytest.mark.parametrize("fault", [Fault("drip", interval=0.02), Fault("time_out", seconds=5)], ids=lambda f: f.kind)
def test_a_slow_answer_ends_with_the_deadline(
    hub: HuggingFaceStandIn, token: StoredToken, model: Model, fault: Fault
) -> None:
    hub.play(fault)
    assert SECONDS * 0.9 < unavailable_after(hub.url, token, model) < SECONDS + MARGIN


def test_a_drip_with_long_pauses_ends_with_the_deadline(token: StoredToken) -> None:
    def drip() -> Iterator[bytes]:
        yield b"["
        server.closing.wait(0.7)
        yield b"{"
        server.closing.wait(5)

    server = ScriptedServer(Scripted(body=drip(), length=1000))
    with server.running():
        # The socket's own time-out, which starts anew with every byte, would end it after 1.5 seconds.
        assert unavailable_after(server.url, token, seconds=0.8) < 1.3


def test_an_upload_that_nobody_reads_ends_with_the_deadline(token: StoredToken) -> None:
    photo = EncodedImage(bytes(24 * 1024 * 1024), "image/jpeg", 60, 40)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        assert unavailable_after(url, token, sent=photo) < SECONDS + MARGIN


def test_an_upload_that_is_read_too_slowly_ends_with_the_deadline(token: StoredToken) -> None:
    photo = EncodedImage(bytes(24 * 1024 * 1024), "image/jpeg", 60, 40)
    finished = threading.Event()

    def read_slowly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not finished.wait(0.02):
                connection.recv(64 * 1024)

    with socket.create_server(("127.0.0.1", 0)) as sluggish:
        threading.Thread(target=read_slowly, args=(sluggish,), daemon=True).start()
        url = f"http://127.0.0.1:{sluggish.getsockname()[1]}"
        try:
            assert unavailable_after(url, token, sent=photo) < SECONDS + MARGIN
        finally:
            finished.set()


def test_what_came_before_the_deadline_is_not_taken_for_the_whole_answer(token: StoredToken) -> None:
    def drip() -> Iterator[bytes]:
        yield b'{"response_url":'
        server.closing.wait(5)

    server = ScriptedServer(Scripted(body=drip()))
    with server.running():
        assert unavailable_after(server.url, token, FAL) < SECONDS + MARGIN


def test_nothing_is_sent_when_no_time_is_left(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    with pytest.raises(InferenceUnavailableError):
        matte(client, seconds=0.0)
    assert hub.requests == []


def test_an_answer_that_is_too_large_is_not_read_whole(client_for: ClientFor) -> None:
    def flood() -> Iterator[bytes]:
        for _ in range(1024):
            yield bytes(1024 * 1024)

    server = ScriptedServer(Scripted(body=flood(), length=1024**3))
    with server.running(), pytest.raises(InferenceUnavailableError, match="larger"):
        matte(client_for(routes(server.url)), seconds=1.0)
    assert server.bytes_sent < LARGEST_ANSWER + 16 * 1024 * 1024
