"""Each fault of the Hugging Face stand-in does what its name says, once, and then the service is well again."""

import base64
import time

import pytest
import requests

from tests.stack.hugging_face import Call, Fault, FaultKind, HuggingFaceStandIn
from tests.unit.stack.calls import (
    ENDPOINT,
    cut_out_by_queue,
    finished,
    from_data_uri,
    infer,
    jpeg,
    picture,
    result,
    submit,
)

# Refusals


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("bad_request", 400, "Bad request"),
        ("out_of_memory", 400, "CUDA out of memory"),
        ("not_supported", 400, "Model not supported by provider hf-inference"),
        ("unauthorized", 401, "Invalid credentials"),
        ("payment_required", 402, "exceeded your monthly included credits"),
        ("forbidden", 403, "sufficient permissions"),
        ("not_found", 404, "Not Found"),
        ("request_timeout", 408, "timed out"),
        ("gone", 410, "no longer supported"),
        ("too_large", 413, "Too Large"),
        ("unsupported", 415, "Unsupported"),
        ("unprocessable", 422, "Unprocessable"),
        ("rate_limited", 429, "Too Many Requests"),
        ("server_error", 500, "Internal Server Error"),
        ("cold_start", 503, "Model briaai/RMBG-1.4 is currently loading"),
        ("error_200", 200, "Internal error"),
    ],
)
def test_a_refusal_has_its_status_and_says_why_once(
    hub: HuggingFaceStandIn, session: requests.Session, kind: FaultKind, status: int, text: str
) -> None:
    hub.play(Fault(kind))
    refused, served = infer(hub, session), infer(hub, session)
    assert refused.status_code == status
    assert text in refused.json()["error"]
    assert served.json()[0]["label"] == "foreground"
    assert [request.fault for request in hub.requests] == [kind, None]


def test_a_cold_start_says_how_long_it_takes_or_does_not(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("cold_start", estimated_time=1.5), Fault("cold_start", estimated_time=None))
    assert infer(hub, session).json()["estimated_time"] == 1.5
    assert "estimated_time" not in infer(hub, session).json()


def test_a_rate_limit_says_when_to_come_back_in_either_header_or_in_none(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    hub.play(Fault("rate_limited", retry_after=7), Fault("rate_limited", reset_after=12), Fault("rate_limited"))
    by_retry_after, by_rate_limit, silent = (infer(hub, session).headers for _ in range(3))
    assert by_retry_after["Retry-After"] == "7"
    assert by_rate_limit["RateLimit"] == '"api";r=0;t=12'
    assert "Retry-After" not in silent
    assert "RateLimit" not in silent


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_error_is_a_page(hub: HuggingFaceStandIn, session: requests.Session, status: int) -> None:
    hub.play(Fault("server_error", status=status))
    answer = infer(hub, session)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")


def test_a_200_can_be_a_page_or_empty(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("html_200"), Fault("empty_200"))
    page, empty = infer(hub, session), infer(hub, session)
    assert (page.status_code, page.text[:9]) == (200, "<!doctype")
    assert (empty.status_code, empty.content) == (200, b"")


# The connection


def test_a_time_out_is_silence_and_then_the_end(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("time_out", seconds=30), Fault("time_out", seconds=0.01))
    with pytest.raises(requests.ReadTimeout):
        session.post(hub.url + ENDPOINT, data=jpeg(), headers={"Content-Type": "image/jpeg"}, timeout=0.05)
    with pytest.raises(requests.ConnectionError):
        infer(hub, session)


def test_a_drip_comes_byte_by_byte(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("drip", interval=0.02))
    with session.post(
        hub.url + ENDPOINT, data=jpeg(), headers={"Content-Type": "image/jpeg"}, timeout=1, stream=True
    ) as answer:
        assert int(answer.headers["Content-Length"]) > 100
        started = time.monotonic()
        assert answer.raw.read(5) == b'[{"sc'
        assert time.monotonic() - started > 0.06


def test_a_connection_is_reset_without_an_answer(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("connection_reset"))
    with pytest.raises(requests.ConnectionError, match="reset"):
        infer(hub, session)
    assert infer(hub, session).ok


def test_a_body_ends_before_its_announced_length(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("truncated_body"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        infer(hub, session)


# The answer's shape


def test_an_endpoint_can_answer_a_cut_out(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("cut_out"))
    answer = infer(hub, session)
    assert answer.headers["Content-Type"] == "image/png"
    assert picture(answer.content).mode == "RGBA"


def test_an_endpoint_can_answer_a_bare_string(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("bare_string"))
    assert picture(base64.b64decode(infer(hub, session).json())).mode == "L"


@pytest.mark.parametrize("dialect", ["endpoint", "queue"])
@pytest.mark.parametrize("kind", ["truncated_matte", "wrong_size", "wrong_mode", "not_base64"])
def test_both_dialects_can_answer_an_unusable_matte(
    hub: HuggingFaceStandIn, session: requests.Session, dialect: str, kind: FaultKind
) -> None:
    hub.play(Fault(kind))
    if dialect == "endpoint":
        encoded = infer(hub, session).json()[0]["mask"]
    else:
        encoded = cut_out_by_queue(hub, session)["image"]["url"].removeprefix("data:image/png;base64,")
    if kind == "not_base64":
        with pytest.raises(ValueError, match="Only base64 data is allowed"):
            base64.b64decode(encoded, validate=True)
    elif kind == "truncated_matte":
        with pytest.raises(OSError, match="truncated"):
            picture(base64.b64decode(encoded))
    elif kind == "wrong_size":
        assert picture(base64.b64decode(encoded)).size == (30, 20)
    else:
        assert picture(base64.b64decode(encoded)).mode == "RGB"


@pytest.mark.parametrize("dialect", ["endpoint", "queue"])
def test_both_dialects_can_find_nothing_in_a_photo(
    hub: HuggingFaceStandIn, session: requests.Session, dialect: str
) -> None:
    hub.play(Fault("empty_matte"))
    if dialect == "endpoint":
        matte = picture(base64.b64decode(infer(hub, session).json()[0]["mask"]))
    else:
        matte = picture(from_data_uri(cut_out_by_queue(hub, session)["image"]["url"])).getchannel("A")
    assert (matte.size, matte.getextrema()) == ((60, 40), (0, 0))


# The queue


@pytest.mark.parametrize("on", ["submit", "poll", "result"])
def test_each_step_of_the_queue_can_fail_once(hub: HuggingFaceStandIn, session: requests.Session, on: Call) -> None:
    hub.play(Fault("server_error", on=on))
    assert infer(hub, session).ok
    submitted = submit(hub, session)
    if on == "submit":
        assert submitted.status_code == 500
        submitted = submit(hub, session)
    if on == "poll":
        assert finished(hub, session, submitted).status_code == 500
    assert finished(hub, session, submitted).json()["status"] == "COMPLETED"
    if on == "result":
        assert result(hub, session, submitted).status_code == 500
    assert result(hub, session, submitted).ok
    assert [request.call for request in hub.requests if request.fault] == [on]


@pytest.mark.parametrize("state", ["FAILED", "ERROR", "COMPLETED"])
def test_a_queued_inference_can_fail(hub: HuggingFaceStandIn, session: requests.Session, state: str) -> None:
    hub.play(Fault("fal_failed", state=state))
    submitted = submit(hub, session)
    poll = finished(hub, session, submitted).json()
    assert (poll["status"], poll["error_type"]) == (state, "runner_disconnected")
    assert result(hub, session, submitted).status_code == 503


def test_a_lost_answer_to_a_submit_leaves_the_inference_running(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    hub.play(Fault("connection_reset"))
    with pytest.raises(requests.ConnectionError):
        submit(hub, session)
    assert hub.last_photo == jpeg()


def test_the_result_can_be_a_url_of_the_stand_ins_or_of_any_other_host(
    hub: HuggingFaceStandIn, session: requests.Session
) -> None:
    hub.play(Fault("image_url"), Fault("image_url", url="https://example.com/cut-out.png"))
    ours, foreign = cut_out_by_queue(hub, session), cut_out_by_queue(hub, session)
    assert ours["image"]["url"].startswith(hub.url + "/files/")
    assert foreign["image"]["url"] == "https://example.com/cut-out.png"


def test_the_download_of_a_result_can_fail_too(hub: HuggingFaceStandIn, session: requests.Session) -> None:
    hub.play(Fault("image_url"), Fault("not_found", on="file"), Fault("truncated_matte", on="file"))
    url = cut_out_by_queue(hub, session)["image"]["url"]
    assert requests.get(url, timeout=5).status_code == 404
    with pytest.raises(OSError, match="truncated"):
        picture(requests.get(url, timeout=5).content)
    assert picture(requests.get(url, timeout=5).content).mode == "RGBA"
