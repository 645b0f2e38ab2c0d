"""Tests can play faults to the Hugging Face stand-in and read what it received, in its process or over HTTP."""

import http.client
import time

import pytest
import requests
from PIL import Image

from tests.stack.hugging_face import Fault, HuggingFaceStandIn, StandInControl
from tests.stack.hugging_face.model import FixedMatte
from tests.unit.stack.calls import ENDPOINT, QUEUE, TOKEN, cut_out_by_queue, infer, jpeg

# Playing faults


def test_a_fault_is_played_as_often_as_asked_and_faults_in_order(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    hub.play(Fault("rate_limited", times=2), Fault("too_large"))
    assert [infer(hub, session).status_code for _ in range(4)] == [429, 429, 413, 200]


def test_a_request_without_the_token_uses_no_fault_up(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("too_large"))
    assert infer(hub, session, Authorization="Bearer hf_wrong").status_code == 401
    assert infer(hub, session).status_code == 413


def test_each_inference_takes_the_latency_at_least(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.set_latency(0.05)
    assert infer(hub, session).elapsed.total_seconds() >= 0.05


def test_the_latency_covers_the_work_of_the_inference(session: requests.Session) -> None:
    class Slow(FixedMatte):
        def matte(self, photo: Image.Image) -> Image.Image:
            time.sleep(0.3)
            return super().matte(photo)

    with HuggingFaceStandIn(segmenter=Slow()) as stand_in:
        stand_in.set_latency(0.5)
        assert 0.5 <= infer(stand_in, session).elapsed.total_seconds() < 0.8


@pytest.mark.parametrize(
    "fields",
    [{"kind": "no_such"}, {"kind": "drip", "on": "no_such"}, {"kind": "drip", "pace": 1}, {"kind": "drip", "times": 0}],
)
def test_a_fault_that_does_not_exist_is_refused(hub: HuggingFaceStandIn, fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no_such|pace|at least once"):
        Fault.from_json(fields)
    answer = requests.post(hub.url + "/control/faults", json=[fields], timeout=5)
    assert answer.status_code == 400


# Recording and control


def test_requests_are_recorded_with_all_a_test_may_ask(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    infer(hub, session, X_Extra="1")
    cut_out_by_queue(hub, session)
    session.get(hub.url + "/no/such/route", timeout=5)
    first, *polls, last = hub.requests
    assert (first.call, first.method, first.path, first.query) == ("infer", "POST", ENDPOINT, {})
    assert (first.headers["x-extra"], first.body_size, first.authorized) == ("1", len(jpeg()), True)
    assert {request.call for request in polls} == {"submit", "poll", "result"}
    assert all(request.query == QUEUE for request in polls)
    assert (last.call, last.path) == (None, "/no/such/route")
    assert hub.last_photo == jpeg()


def test_control_over_http_equals_control_in_process(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    control = StandInControl(hub.url)
    control.play(Fault("cold_start", estimated_time=0.5), Fault("payment_required"))
    control.set_latency(0.02)
    cold = infer(hub, session)
    control.forget_faults()
    served = infer(hub, session)
    assert (cold.status_code, cold.json()["estimated_time"]) == (503, 0.5)
    assert served.ok
    assert served.elapsed.total_seconds() >= 0.02
    assert len(control.requests) == 2
    assert control.requests == hub.requests
    assert control.last_photo == hub.last_photo == jpeg()
    control.rotate_token("hf_new")
    assert infer(hub, session).status_code == 401
    control.reset()
    assert control.requests == hub.requests == []
    assert control.last_photo is None


# The server


def test_one_connection_serves_many_requests_whatever_they_are_answered(hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("too_large"), Fault("server_error", status=502))
    connection = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=5)
    connection.connect()
    ours = connection.sock.getsockname()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/jpeg"}
    statuses = []
    for _ in range(3):
        connection.request("POST", ENDPOINT, jpeg(), headers)
        with connection.getresponse() as answer:
            statuses.append(answer.status)
            answer.read()
    assert statuses == [413, 502, 200]
    assert connection.sock.getsockname() == ours
    connection.close()


def test_leaving_the_block_ends_the_port_idle_connections_and_faults_under_way() -> None:
    with HuggingFaceStandIn(TOKEN) as stand_in, requests.Session() as idle:
        idle.get(stand_in.url + "/health", timeout=5)
        stand_in.play(Fault("time_out", seconds=30))
        silent = http.client.HTTPConnection(stand_in.url.removeprefix("http://"), timeout=5)
        silent.request("POST", ENDPOINT, jpeg(), {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/jpeg"})
        while not stand_in.requests:
            time.sleep(0.001)
    with pytest.raises(http.client.RemoteDisconnected):
        silent.getresponse()
    silent.close()
    with pytest.raises(requests.ConnectionError):
        idle.get(stand_in.url + "/health", timeout=5)
