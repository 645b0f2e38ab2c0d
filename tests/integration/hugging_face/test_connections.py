"""One pool of connections, and nothing else kept between exchanges or taken from the environment."""

import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from background_remover.gateways.hugging_face.client import HuggingFace
from imaging.matte import encode_matte
from tests.integration.hugging_face.asking import FAL, TOKEN, FakeClock, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import HuggingFaceStandIn


def png() -> str:
    return base64.b64encode(encode_matte(expected_matte())).decode()


def good() -> Scripted:
    return Scripted(body=json.dumps(png()).encode(), headers={"Set-Cookie": "AWSALB=replica-1; Path=/"})


def test_calls_one_after_another_share_a_connection(client_for: ClientFor) -> None:
    with ScriptedServer(good(), Scripted(503, b"busy"), Scripted(body=b"<html>"), good()).running() as server:
        client = client_for(routes(server.url))
        for _ in range(3):
            matte(client)
    assert len(server.received) == 5
    assert server.connections == 1


def test_a_connection_that_idled_is_not_trusted(client_for: ClientFor, clock: FakeClock) -> None:
    with ScriptedServer(good()).running() as server:
        client = client_for(routes(server.url))
        matte(client)
        clock.now += 31.0
        matte(client)
        matte(client)
    assert server.connections == 2


def test_no_cookie_is_kept(client_for: ClientFor) -> None:
    with ScriptedServer(good()).running() as server:
        client = client_for(routes(server.url))
        matte(client)
        matte(client)
    assert [headers["Cookie"] for _, headers in server.received] == [None, None]


def test_proxies_and_netrc_of_the_environment_are_ignored(
    client: HuggingFace, hub: HuggingFaceStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert np.array_equal(matte(client), expected_matte())
    assert hub.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_two_inferences_run_at_the_same_time(client_for: ClientFor) -> None:
    both_arrived = threading.Barrier(2, timeout=5)
    body = json.dumps(png()).encode()

    def meet() -> Iterator[bytes]:
        both_arrived.wait()
        yield body

    answers = [Scripted(body=meet(), length=len(body)) for _ in range(2)]
    with ScriptedServer(*answers).running() as server, ThreadPoolExecutor(2) as threads:
        client = client_for(routes(server.url))
        for found in threads.map(lambda _: matte(client), range(2)):
            assert np.array_equal(found, expected_matte())


def test_the_queue_is_spoken_to_over_one_connection(client_for: ClientFor) -> None:
    steps = [
        {"response_url": "https://queue.fal.run/a/b/requests/1"},
        {"status": "IN_QUEUE"},
        {"status": "COMPLETED"},
        {"image": {"url": f"data:image/png;base64,{png()}"}},
    ]
    with ScriptedServer(*(Scripted(body=json.dumps(step).encode()) for step in steps)).running() as router:
        assert np.array_equal(matte(client_for(routes(router.url)), FAL), expected_matte())
    assert router.connections == 1
