"""What passes by itself is tried again, as long as the deadline allows."""

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest

from background_remover.domain.inference_errors import InferenceMisconfiguredError, InferenceUnavailableError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face import gate
from background_remover.gateways.hugging_face.client import HuggingFace
from tests.integration.hugging_face.asking import ENDPOINT, FAL, FakeClock, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

PASSING = [
    Fault("request_timeout", times=999),
    Fault("rate_limited", times=999),
    *(Fault("server_error", status=status, times=999) for status in (500, 502, 503, 504)),
    Fault("connection_reset", times=999),
    Fault("truncated_body", times=999),
    Fault("html_200", times=999),
    Fault("empty_200", times=999),
    Fault("error_200", times=999),
    Fault("out_of_memory", times=999),
]
passing = pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}")


@passing
def test_what_passes_is_tried_again(client: HuggingFace, hub: HuggingFaceStandIn, fault: Fault) -> None:
    hub.play(Fault(fault.kind, status=fault.status, times=2))
    assert np.array_equal(matte(client), expected_matte())
    assert len(hub.requests) == 3


@passing
def test_what_does_not_pass_before_the_deadline_is_unavailable(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, fault: Fault
) -> None:
    hub.play(fault)
    started = clock.now
    with pytest.raises(InferenceUnavailableError) as caught:
        matte(client, seconds=30.0)
    assert not isinstance(caught.value, InferenceMisconfiguredError)
    assert len(hub.requests) == len(clock.naps) + 1 > 2
    assert clock.now - started <= 29.0


def test_a_refused_connection_is_tried_again_and_then_unavailable(client_for: ClientFor, clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(InferenceUnavailableError, match=r"cannot be reached \(ConnectionRefusedError\)"):
        matte(client_for(routes(f"http://127.0.0.1:{port}")), seconds=30.0)
    assert len(clock.naps) > 1


def test_the_back_off_is_jittered_and_grows(
    client_for: ClientFor, hub: HuggingFaceStandIn, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FIRST_REPEATS", 9)
    client = client_for(routes(hub.url))
    hub.play(Fault("server_error", times=9))
    matte(client)
    bounds = [1.0, 2.0, 4.0, 8.0, *[8.0] * 5]
    assert all(0 <= nap <= bound for nap, bound in zip(clock.naps, bounds, strict=True))
    assert len(set(clock.naps)) == 9
    assert max(clock.naps) > 1.0


def test_two_repeats_are_free_and_each_further_one_is_earned_by_ten_answers(
    client: HuggingFace, hub: HuggingFaceStandIn
) -> None:
    hub.play(Fault("server_error", times=3))
    with pytest.raises(InferenceUnavailableError):
        matte(client)
    assert len(hub.requests) == 3
    for _ in range(10):
        matte(client)
    hub.forget_requests()
    hub.play(Fault("server_error", times=2))
    with pytest.raises(InferenceUnavailableError):
        matte(client)
    assert len(hub.requests) == 2


def test_no_more_than_ten_repeats_are_saved(client: HuggingFace) -> None:
    repeats = client._gates[ENDPOINT]
    for _ in range(1000):
        repeats.answered()
    assert [repeats.may_repeat() for _ in range(11)] == [True] * 10 + [False]


def announcements(seconds: int) -> list[Fault]:
    return [
        Fault("rate_limited", retry_after=seconds),
        Fault("rate_limited", reset_after=seconds),
        Fault("rate_limited", retry_after=seconds, reset_after=seconds + 7),
        Fault("cold_start", estimated_time=seconds),
        Fault("cold_start", estimated_time=3, retry_after=seconds),
        Fault("rate_limited", retry_after="tomorrow", reset_after=seconds),
    ]


@pytest.mark.parametrize("fault", announcements(55), ids=str)
def test_an_announced_wait_that_fits_is_waited_exactly(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, fault: Fault
) -> None:
    hub.play(fault)
    assert np.array_equal(matte(client, seconds=56.5), expected_matte())
    assert clock.naps == [55.0]


@pytest.mark.parametrize("fault", announcements(55), ids=str)
def test_an_announced_wait_that_does_not_fit_is_handed_on_at_once(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, fault: Fault
) -> None:
    hub.play(fault)
    with pytest.raises(InferenceUnavailableError) as caught:
        matte(client, seconds=55.5)
    assert caught.value.retry_after == 55.0
    assert clock.naps == []


def test_a_loading_model_that_says_nothing_is_given_20_seconds(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    hub.play(Fault("cold_start", estimated_time=None))
    matte(client)
    assert clock.naps == [20.0]


def test_a_date_to_retry_after_is_honoured(client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    hub.play(Fault("rate_limited", retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)))
    matte(client)
    assert clock.naps == [pytest.approx(59, abs=2)]


def test_a_date_that_has_passed_means_ordinary_back_off(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    hub.play(Fault("rate_limited", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"))
    matte(client)
    assert 0 <= clock.naps[0] <= 1.0


def test_of_several_rate_limits_the_longest_counts(client_for: ClientFor, clock: FakeClock) -> None:
    limited = Scripted(429, headers={"RateLimit": '"api";r=0;t=55, "pages";r=0;t=120,"resolvers";r=9;t=7'})
    with ScriptedServer(limited).running() as server, pytest.raises(InferenceUnavailableError) as caught:
        matte(client_for(routes(server.url)), seconds=30.0)
    assert caught.value.retry_after == 120.0
    assert clock.naps == []


def test_a_loading_model_may_say_so_with_a_200(client_for: ClientFor) -> None:
    loading = Scripted(body=json.dumps({"error": "loading", "estimated_time": 33.0}).encode())
    with ScriptedServer(loading).running() as server, pytest.raises(InferenceUnavailableError) as caught:
        matte(client_for(routes(server.url)), seconds=30.0)
    assert caught.value.retry_after == 33.0


STATUSES = [501, 505, 520, 529, 424, 425, 499, 409]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_that_says_nothing_of_the_image_is_an_outage(client_for: ClientFor, status: int) -> None:
    answer = Scripted(status, b'{"error": "No"}')
    with ScriptedServer(answer).running() as server, pytest.raises(InferenceUnavailableError) as caught:
        matte(client_for(routes(server.url)), seconds=1.0)
    assert not isinstance(caught.value, InferenceMisconfiguredError)


@pytest.mark.parametrize("body", [b"", b"<html><h1>400 Bad Request</h1></html>", b'"Bad Request"'])
@pytest.mark.parametrize("status", [400, 422])
def test_a_gateway_that_calls_the_request_bad_does_not_speak_of_the_image(
    client_for: ClientFor, status: int, body: bytes
) -> None:
    answer = Scripted(status, body)
    with ScriptedServer(answer).running() as server, pytest.raises(InferenceUnavailableError):
        matte(client_for(routes(server.url)), seconds=1.0)


@pytest.mark.parametrize("model", [ENDPOINT, FAL])
@pytest.mark.parametrize("content_type", ["application/json", "text/html", "image/png"])
def test_an_empty_body_is_called_that(client_for: ClientFor, model: Model, content_type: str) -> None:
    empty = Scripted(headers={"Content-Type": content_type})
    with ScriptedServer(empty).running() as server, pytest.raises(InferenceUnavailableError, match="an empty body"):
        matte(client_for(routes(server.url)), model, seconds=1.0)


@pytest.mark.parametrize("content", [[], {}, {"detail": "No"}, [{"label": "cat", "score": 0.9}], None, 0, True])
def test_json_without_a_mask_is_an_outage(client_for: ClientFor, content: object) -> None:
    answer = Scripted(body=json.dumps(content).encode())
    with (
        ScriptedServer(answer).running() as server,
        pytest.raises(InferenceUnavailableError, match="exactly one image"),
    ):
        matte(client_for(routes(server.url)), seconds=1.0)


def test_an_estimate_that_is_no_number_does_not_count(client_for: ClientFor) -> None:
    vague = Scripted(503, b'{"error": "Model x is currently loading", "estimated_time": true}')
    with ScriptedServer(vague).running() as server, pytest.raises(InferenceUnavailableError) as caught:
        matte(client_for(routes(server.url)), seconds=10.0)
    assert caught.value.retry_after == 20.0


def test_messages_name_no_address_of_ours(client_for: ClientFor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(InferenceUnavailableError) as caught:
        matte(client_for(routes(f"http://127.0.0.1:{port}")), seconds=1.0)
    assert str(port) not in caught.value.detail
    assert "0x" not in caught.value.detail
