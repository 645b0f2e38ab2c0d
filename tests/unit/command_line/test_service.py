"""The command line's edges: what it makes of answers that are slow, busy, broken or missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import responses
from responses import matchers

from cutout.api import PAUSES, Api
from cutout.configuration import Configuration
from cutout.errors import RefusedError, UnavailableError

API = "https://api.example.com/live/api/background-remover"


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def api(pauses: list[float]) -> Api:
    return Api(Configuration(API, "brp_key"), sleep=pauses.append)


def problem(code: str, detail: str, **more: str) -> dict[str, object]:
    return {"json": {"code": code, "detail": detail, **more}, "content_type": "application/problem+json"}


def test_the_key_goes_to_the_service_and_not_to_the_storage(api: Api, service: responses.RequestsMock) -> None:
    service.get(f"{API}/credits", json={"available": 7})
    service.get("https://storage.example.com/result", body=b"cut-out")

    assert api.credits() == 7
    api.download("https://storage.example.com/result", list)

    to_service, to_storage = (call.request.headers for call in service.calls)
    assert to_service["Authorization"] == "Bearer brp_key"
    assert "Authorization" not in to_storage


def test_too_many_requests_are_made_again_when_the_service_says(
    api: Api, service: responses.RequestsMock, pauses: list[float]
) -> None:
    refusal = problem("too_many_requests", "Too many.")
    service.get(f"{API}/credits", status=429, headers={"Retry-After": "7"}, **refusal)
    service.get(f"{API}/credits", json={"available": 7})

    assert api.credits() == 7
    assert pauses == [7]


def test_nobody_waits_until_midnight(api: Api, service: responses.RequestsMock, pauses: list[float]) -> None:
    refusal = problem("uncharged_allowance_used", "All are used today.")
    service.get(f"{API}/credits", status=429, headers={"Retry-After": "30000"}, **refusal)

    with pytest.raises(RefusedError, match="30000 seconds") as refused:
        api.credits()

    assert (refused.value.exit_code, pauses) == (4, [])


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]"])
def test_a_service_that_stays_broken_is_unavailable(
    api: Api, service: responses.RequestsMock, pauses: list[float], body: bytes
) -> None:
    service.get(f"{API}/credits", status=502, body=body)

    with pytest.raises(UnavailableError, match="502"):
        api.credits()

    assert pauses == list(PAUSES)


def test_a_service_that_cannot_be_reached_is_unavailable(
    api: Api, service: responses.RequestsMock, pauses: list[float]
) -> None:
    service.get(f"{API}/credits", body=requests.ConnectionError("no such host"))

    with pytest.raises(UnavailableError, match="cannot be reached"):
        api.credits()

    assert pauses == list(PAUSES)


def test_a_removal_whose_answer_is_lost_is_repeated_with_the_same_key(
    api: Api, service: responses.RequestsMock, tmp_path: Path
) -> None:
    photo = tmp_path / "cat.jpg"
    photo.write_bytes(b"photo")
    same = [matchers.header_matcher({"Idempotency-Key": "key", "Prefer": "wait=20"})]
    service.post(f"{API}/remove", body=requests.ReadTimeout(), match=same)
    service.post(f"{API}/remove", json={"jobId": "j", "status": "completed"}, match=same)

    assert api.remove(photo, "cat.jpg", {"tier": "basic"}, "key")["jobId"] == "j"


def test_a_job_that_has_failed_is_not_asked_for_again(
    api: Api, service: responses.RequestsMock, pauses: list[float], tmp_path: Path
) -> None:
    photo = tmp_path / "cat.jpg"
    photo.write_bytes(b"photo")
    refusal = problem("invalid_matte", "The model answered nonsense.", jobId="j")
    service.post(f"{API}/remove", status=502, **refusal)

    with pytest.raises(RefusedError) as refused:
        api.remove(photo, "cat.jpg", {"tier": "basic"}, "key")

    assert (refused.value.is_about_the_photo, pauses) == (True, [])


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [(401, "unauthorized", 2), (402, "insufficient_credits", 3), (422, "invalid_parameter", 2), (404, "gone", 1)],
)
def test_a_refusal_tells_what_the_service_says(
    api: Api, service: responses.RequestsMock, status: int, code: str, exit_code: int
) -> None:
    service.get(f"{API}/credits", status=status, **problem(code, "This is why."))

    with pytest.raises(RefusedError, match="This is why") as refused:
        api.credits()

    assert (refused.value.exit_code, refused.value.is_about_the_photo) == (exit_code, False)


def test_where_nobody_may_wait_the_next_question_comes_later(
    api: Api, service: responses.RequestsMock, pauses: list[float]
) -> None:
    service.get(f"{API}/jobs/j", json={"status": "queued"})
    service.get(f"{API}/jobs/j", json={"status": "queued"}, headers={"Preference-Applied": "wait=20"})

    api.job("j", wait=20)
    assert len(pauses) == 1
    api.job("j", wait=20)
    assert len(pauses) == 1


def test_a_download_that_breaks_off_is_begun_anew(api: Api, service: responses.RequestsMock) -> None:
    service.get("https://storage.example.com/result", body=requests.exceptions.ChunkedEncodingError())
    service.get("https://storage.example.com/result", body=b"cut-out")
    received: list[bytes] = []

    api.download("https://storage.example.com/result", received.extend)

    assert b"".join(received) == b"cut-out"
