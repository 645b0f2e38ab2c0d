"""The dialect of fal's queue behind Hugging Face's router."""

import base64
import json

import numpy as np
import pytest

from background_remover.domain.inference_errors import (
    InferenceMisconfiguredError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Submission
from background_remover.gateways.hugging_face.client import HuggingFace
from imaging.matte import encode_matte
from tests.integration.hugging_face.asking import FAL, TOKEN, FakeClock, calls, expected_matte, matte, photo, routes
from tests.integration.hugging_face.conftest import ClientFor, StoredToken
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import Fault, FaultKind, HuggingFaceStandIn
from tests.stack.hugging_face.faults import Call

APP = "/fal-ai/fal-ai/bria"


def test_a_photo_is_submitted_polled_and_its_cut_out_fetched(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    assert np.array_equal(matte(client, FAL), expected_matte())
    assert hub.last_photo == photo().content
    assert [calls(hub, "submit"), calls(hub, "result"), calls(hub, "file")] == [1, 1, 0]
    assert all(request.query == {"_subdomain": "queue"} for request in hub.requests)
    assert all(request.headers["authorization"] == f"Bearer {TOKEN}" for request in hub.requests)


def test_the_addresses_of_a_submission_are_the_routers(submission: Submission, hub: HuggingFaceStandIn) -> None:
    request, _, query = submission.response_url.partition("?")
    assert request.startswith(f"{hub.url}{APP}/requests/")
    assert query == "_subdomain=queue"
    assert submission.status_url == f"{request}/status?{query}"


def test_both_addresses_come_from_the_response_url(client_for: ClientFor) -> None:
    urls = {"response_url": "https://queue.fal.run/a/b/requests/1", "status_url": "https://evil.example/status"}
    with ScriptedServer(Scripted(body=json.dumps(urls).encode()), Scripted(500)).running() as router:
        taken: list[Submission] = []
        with pytest.raises(InferenceUnavailableError):
            matte(client_for(routes(router.url)), FAL, seconds=1.0, on_submission=taken.append)
    assert taken == [
        Submission(
            f"{router.url}/fal-ai/a/b/requests/1/status?_subdomain=queue",
            f"{router.url}/fal-ai/a/b/requests/1?_subdomain=queue",
            sent_at=1000,
        )
    ]


def test_a_waiting_request_may_be_answered_202(client_for: ClientFor, clock: FakeClock) -> None:
    url = f"data:image/png;base64,{base64.b64encode(encode_matte(expected_matte())).decode()}"
    answers = [
        (200, {"response_url": "https://queue.fal.run/a/b/requests/1"}),
        (202, {"status": "IN_QUEUE"}),
        (202, {"status": "IN_PROGRESS"}),
        (200, {"status": "COMPLETED", "error": None}),
        (200, {"image": {"url": url}}),
    ]
    script = [Scripted(status, json.dumps(content).encode()) for status, content in answers]
    with ScriptedServer(*script).running() as router:
        assert matte(client_for(routes(router.url)), FAL).shape == expected_matte().shape
    assert clock.naps == [0.5, 0.5]


def test_on_submission_is_called_before_polling(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    polls: list[int] = []
    matte(client, FAL, on_submission=lambda _: polls.append(calls(hub, "poll")))
    assert polls == [0]


def test_a_submission_handed_in_is_polled(client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission) -> None:
    announced: list[Submission] = []
    found = matte(client, FAL, submission=submission, on_submission=announced.append)
    assert np.array_equal(found, expected_matte())
    assert calls(hub, "submit") == 0
    assert announced == []


def test_a_result_on_the_router_is_fetched_without_the_token(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("image_url"))
    assert np.array_equal(matte(client, FAL), expected_matte())
    (file,) = [request for request in hub.requests if request.call == "file"]
    assert not file.token_sent


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/cut.png",
        "https://fal.media.evil.example/cut.png",
        "https://evilfal.media/cut.png",
        "http://fal.media/cut.png",
        "https://fal.media@evil.example/cut.png",
        # Python's own parser takes fal.media for the host here, but urllib3 connects to evil.example.
        "https://evil.example\\@fal.media/cut.png",
        "https://[fal.media/cut.png",
        "file:///etc/passwd",
        "//",
    ],
)
def test_a_result_elsewhere_is_refused(client: HuggingFace, hub: HuggingFaceStandIn, url: str) -> None:
    hub.play(Fault("image_url", url=url, times=2))
    with pytest.raises(InvalidMatteError, match=r"not allowed|address"):
        matte(client, FAL)


@pytest.mark.parametrize("kind", ["server_error", "connection_reset", "html_200", "empty_200", "error_200"])
@pytest.mark.parametrize("call", ["poll", "result", "file"])
def test_everything_after_the_submit_is_tried_again(
    client: HuggingFace, hub: HuggingFaceStandIn, call: Call, kind: FaultKind
) -> None:
    hub.play(Fault("image_url"), Fault(kind, on=call, times=2))
    assert np.array_equal(matte(client, FAL), expected_matte())
    assert calls(hub, "submit") == 1


@pytest.mark.parametrize("kind", ["cold_start", "rate_limited", "request_timeout"])
def test_a_submit_that_was_turned_away_is_sent_again(
    client: HuggingFace, hub: HuggingFaceStandIn, kind: FaultKind
) -> None:
    hub.play(Fault(kind))
    assert np.array_equal(matte(client, FAL), expected_matte())
    assert calls(hub, "submit") == 2


def test_a_request_that_waits_past_the_deadline_is_left_in_the_queue(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock
) -> None:
    hub.set_latency(30)
    started = clock.now
    with pytest.raises(InferenceUnavailableError) as caught:
        matte(client, FAL, seconds=3.2)
    hub.set_latency(0)
    assert clock.now - started <= 3.2
    assert caught.value.retry_after == 0
    assert calls(hub, "submit") == 1


@pytest.mark.parametrize("kind", ["payment_required", "forbidden"])
def test_an_operators_fault_while_polling_leaves_the_job_waiting(
    client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission, kind: FaultKind
) -> None:
    hub.play(Fault(kind, on="poll"))
    with pytest.raises(InferenceMisconfiguredError):
        matte(client, FAL, submission=submission)


def test_a_token_rotated_while_polling_is_read_again(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken, submission: Submission
) -> None:
    hub.rotate_token("hf_new")
    token.rotate("hf_new")
    assert np.array_equal(matte(client, FAL, submission=submission), expected_matte())
