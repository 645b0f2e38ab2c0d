"""What fal's queue says besides a matte and a refusal of this image, and what becomes of the submission then."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import FIRST_PAUSE, Submission
from background_remover.gateways.hugging_face.client import HuggingFace
from imaging.photo import EncodedImage
from tests.integration.hugging_face.asking import FAL, FakeClock, calls, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import Fault, FaultKind, HuggingFaceStandIn
from tests.stack.hugging_face.faults import Call

NO_ANSWERS: list[FaultKind] = ["html_200", "empty_200", "error_200"]


def after(
    error: type[InferenceError],
    client: HuggingFace,
    *,
    seconds: float = 600.0,
    sent: EncodedImage | None = None,
    submission: Submission | None = None,
) -> tuple[InferenceError, list[Submission]]:
    """The error, and what was told of submissions meanwhile."""
    told: list[Submission] = []
    with pytest.raises(error) as caught:
        matte(client, FAL, seconds=seconds, sent=sent, submission=submission, on_submission=told.append)
    return caught.value, told


def scripted(*contents: object) -> Sequence[Scripted]:
    return [each if isinstance(each, Scripted) else Scripted(body=json.dumps(each).encode()) for each in contents]


TAKEN = {"response_url": "https://queue.fal.run/a/b/requests/1"}
COMPLETED = {"status": "COMPLETED"}


# ---- the submit --------------------------------------------------------------------------------------------------

LOST_SUBMITS = [
    Fault("connection_reset", on="submit"),
    Fault("truncated_body", on="submit"),
    *(Fault("server_error", status=status, on="submit") for status in (500, 502, 504)),
    *(Fault(kind, on="submit") for kind in NO_ANSWERS),
]


@pytest.mark.parametrize("fault", LOST_SUBMITS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_submit_that_may_have_been_taken_is_counted_and_not_sent_again(
    client: HuggingFace, hub: HuggingFaceStandIn, fault: Fault
) -> None:
    hub.play(fault)
    outage, told = after(InferenceUnavailableError, client)
    assert calls(hub, "submit") == 1
    assert told == [Submission(number=1, sent_at=1000)]
    assert isinstance(outage, InferenceUnavailableError)
    assert outage.retry_after == FIRST_PAUSE


@pytest.mark.parametrize(
    "answer", [{"response_url": "http://[broken"}, {"response_url": ""}, {"response_url": None}, ["IN_QUEUE"], "queued"]
)
def test_a_submit_whose_answer_names_no_address_may_have_been_taken(client_for: ClientFor, answer: object) -> None:
    with ScriptedServer(*scripted(answer)).running() as router:
        _, told = after(InferenceUnavailableError, client_for(routes(router.url)))
    assert len(router.received) == 1
    assert told == [Submission(number=1, sent_at=1000)]


def test_a_submit_that_was_turned_away_is_not_counted(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("rate_limited", times=99, on="submit"))
    _, told = after(InferenceUnavailableError, client, seconds=5.0)
    assert told == []


def test_the_next_submit_waits_for_its_pause(client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock) -> None:
    lost = Submission(number=3, sent_at=int(clock.now) - 50)
    outage, told = after(InferenceUnavailableError, client, submission=lost)
    assert isinstance(outage, InferenceUnavailableError)
    assert outage.retry_after == 40.0  # of 90 seconds
    assert (told, hub.requests) == ([], [])


def test_after_the_pause_the_next_submit_is_sent_and_counted(client: HuggingFace, clock: FakeClock) -> None:
    told: list[Submission] = []
    now = int(clock.now)  # Polls let time pass.
    lost = Submission(number=3, sent_at=now - 90)
    found = matte(client, FAL, submission=lost, on_submission=told.append)
    assert np.array_equal(found, expected_matte())
    assert [(each.number, each.sent_at) for each in told] == [(4, now)]


# ---- polls -------------------------------------------------------------------------------------------------------

BAD_REQUESTS: list[FaultKind] = ["bad_request", "unprocessable", "too_large", "unsupported"]


@pytest.mark.parametrize("kind", [*NO_ANSWERS, *BAD_REQUESTS])
def test_no_answer_to_a_poll_loses_the_submission(
    client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission, kind: FaultKind
) -> None:
    hub.play(Fault(kind, on="poll", times=99))
    _, told = after(InferenceUnavailableError, client, submission=submission, seconds=5.0)
    assert told == []
    hub.forget_faults()
    assert np.array_equal(matte(client, FAL, submission=submission), expected_matte())
    assert calls(hub, "submit") == 0


@pytest.mark.parametrize("content", [None, [], ["COMPLETED"], {}, {"status": None}, {"detail": "No"}, "COMPLETED"])
def test_a_poll_answered_without_a_status_is_sent_again(client_for: ClientFor, content: object) -> None:
    script = scripted(TAKEN, content, COMPLETED, Scripted(500))
    with ScriptedServer(*script).running() as router:
        _, told = after(InferenceUnavailableError, client_for(routes(router.url)), seconds=5.0)
    assert len(told) == 1
    assert [path.rpartition("/")[2].partition("?")[0] for path, _ in router.received[1:4]] == ["status", "status", "1"]


@pytest.mark.parametrize("call", ["poll", "result"])
@pytest.mark.parametrize("kind", ["not_found", "gone"])
def test_a_request_that_the_queue_lost_makes_room_for_the_next(
    client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission, clock: FakeClock, kind: FaultKind, call: Call
) -> None:
    hub.play(Fault(kind, on=call))
    outage, told = after(InferenceUnavailableError, client, submission=submission)
    assert not isinstance(outage, InferenceMisconfiguredError)
    assert told == [replace(submission, status_url="", response_url="")]
    clock.now += FIRST_PAUSE
    assert np.array_equal(matte(client, FAL, submission=told[0]), expected_matte())
    assert calls(hub, "submit") == 1


def test_a_request_at_another_router_is_not_polled_and_makes_room_for_the_next(
    client: HuggingFace, hub: HuggingFaceStandIn
) -> None:
    elsewhere = Submission("https://evil.example/status", "https://evil.example/", sent_at=1000)
    _, told = after(InferenceUnavailableError, client, submission=elsewhere)
    assert told == [Submission(number=1, sent_at=1000)]
    assert hub.requests == []


# ---- results -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*NO_ANSWERS, "bare_string"])
def test_a_result_that_is_none_is_fetched_again_and_keeps_the_submission(
    client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission, kind: FaultKind
) -> None:
    hub.play(Fault(kind, on="result", times=99))
    _, told = after(InferenceUnavailableError, client, submission=submission, seconds=5.0)
    assert told == []
    assert calls(hub, "result") > 1
    hub.forget_faults()
    assert np.array_equal(matte(client, FAL, submission=submission), expected_matte())


@pytest.mark.parametrize(
    "content", [None, [], {}, {"image": None}, {"image": {"url": 1}}, {"detail": "No"}, {"images": []}]
)
def test_a_result_without_an_image_is_none(client_for: ClientFor, content: object) -> None:
    with ScriptedServer(*scripted(TAKEN, COMPLETED, content)).running() as router:
        outage, _ = after(InferenceUnavailableError, client_for(routes(router.url)), seconds=1.0)
    assert "an image" in outage.detail


def test_a_result_that_is_not_there_yet_is_fetched_later(client_for: ClientFor) -> None:
    early = Scripted(400, b'{"detail": "Request is still in progress"}')
    with ScriptedServer(*scripted(TAKEN, COMPLETED, early)).running() as router:
        _, told = after(InferenceUnavailableError, client_for(routes(router.url)), seconds=1.0)
    assert len(told) == 1


@pytest.mark.parametrize("state", ["FAILED", "ERROR", "COMPLETED"])
def test_a_request_that_fal_gave_up_makes_room_for_the_next(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, state: str
) -> None:
    hub.play(Fault("fal_failed", state=state))
    outage, told = after(InferenceUnavailableError, client)
    assert "Runner disconnected" in outage.detail
    assert told == [told[0], replace(told[0], status_url="", response_url="")]
    assert calls(hub, "result") == 1
    clock.now += FIRST_PAUSE
    assert np.array_equal(matte(client, FAL, submission=told[-1]), expected_matte())


GIVEN_UP = [
    (503, {"detail": "Runner disconnected", "error_type": "runner_disconnected"}),
    (504, {"detail": "Request timed out", "error_type": "request_timeout"}),
    (400, {"detail": [{"loc": ["body"], "msg": "Downstream service error", "type": "downstream_service_error"}]}),
    (500, {"detail": [{"loc": ["body"], "msg": "Internal server error", "type": "internal_server_error"}]}),
    (504, {"detail": [{"loc": ["body"], "msg": "Generation timeout", "type": "generation_timeout"}]}),
]


@pytest.mark.parametrize(("status", "content"), GIVEN_UP, ids=[str(status) for status, _ in GIVEN_UP])
def test_what_fal_documents_as_passing_ends_the_request_and_not_the_job(
    client_for: ClientFor, status: int, content: object
) -> None:
    result = Scripted(status, json.dumps(content).encode())
    with ScriptedServer(*scripted(TAKEN, COMPLETED, result)).running() as router:
        _, told = after(InferenceUnavailableError, client_for(routes(router.url)))
    assert len(router.received) == 3
    assert [bool(each.status_url) for each in told] == [True, False]


@pytest.mark.parametrize("kind", ["image_load_error", "image_too_small", "content_policy_violation"])
def test_what_fal_says_of_the_image_refuses_it(client_for: ClientFor, kind: str) -> None:
    detail = [{"loc": ["body", "image_url"], "msg": "Not this one", "type": kind, "input": "data:image/jpeg;base64,…"}]
    result = Scripted(422, json.dumps({"detail": detail}).encode())
    with ScriptedServer(*scripted(TAKEN, COMPLETED, result)).running() as router:
        refusal, told = after(InferenceRefusedError, client_for(routes(router.url)))
    assert refusal.detail == "Hugging Face refused this image with 422: Not this one"
    assert len(told) == 1


def test_a_photo_that_fal_cannot_load_is_refused(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    after(InferenceRefusedError, client, sent=EncodedImage(b"no photo", "image/jpeg", 60, 40))
    assert calls(hub, "submit") == 1


# ---- files and mattes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["forbidden", "not_found", "gone", "bad_request", "html_200", "empty_200", "error_200"]
)
def test_a_file_that_cannot_be_fetched_leaves_the_job_waiting_and_blames_no_operator(
    client: HuggingFace, hub: HuggingFaceStandIn, submission: Submission, kind: FaultKind
) -> None:
    hub.play(Fault("image_url"), Fault(kind, on="file", times=99))
    outage, told = after(InferenceUnavailableError, client, submission=submission, seconds=5.0)
    assert not isinstance(outage, InferenceMisconfiguredError)
    assert told == []
    hub.forget_faults()
    assert np.array_equal(matte(client, FAL, submission=submission), expected_matte())


BROKEN = [
    *(Fault(kind) for kind in ("truncated_matte", "wrong_size", "wrong_mode", "not_base64")),
    Fault("image_url", url="data:image/png;base64,"),
    Fault("image_url", url="data:text/html;base64," + base64.b64encode(b"<html>").decode()),
    Fault("image_url", url="https://evil.example/cut.png"),
]
broken = pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: f"{fault.kind}-{(fault.url or '')[:10]}")


@broken
def test_a_result_that_arrives_broken_is_fetched_once_more(
    client: HuggingFace, hub: HuggingFaceStandIn, fault: Fault
) -> None:
    hub.play(fault)
    assert np.array_equal(matte(client, FAL), expected_matte())
    assert (calls(hub, "submit"), calls(hub, "result")) == (1, 2)


@broken
def test_a_result_that_is_broken_again_is_the_end(client: HuggingFace, hub: HuggingFaceStandIn, fault: Fault) -> None:
    hub.play(replace(fault, times=99))
    _, told = after(InvalidMatteError, client)
    assert (calls(hub, "submit"), calls(hub, "result")) == (1, 2)
    assert len(told) == 1


def test_a_file_that_arrives_broken_is_fetched_once_more(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("image_url", times=2), Fault("truncated_matte", on="file"))
    assert np.array_equal(matte(client, FAL), expected_matte())
    assert [calls(hub, call) for call in ("submit", "result", "file")] == [1, 2, 2]
