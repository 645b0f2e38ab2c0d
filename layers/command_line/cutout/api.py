"""The service's API. A call is repeated where that may help: an Idempotency-Key keeps it from counting twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter

from cutout.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from cutout.configuration import Configuration

PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the tries, where the answer does not say how long to wait."""
LONGEST_PAUSE = 60.0
TIMEOUT = (10.0, 60.0)
AT_ONCE = 8
"""Files that are sent at the same time, and as many that are fetched."""
WAIT = 3
"""Seconds that a GET waits for the end at most, so that what has ended meanwhile is fetched soon."""

OPEN = ("awaiting_upload", "queued", "processing")
_CHUNK = 256 * 1024

Answer = dict[str, Any]


class Api:
    def __init__(self, configuration: Configuration, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._address = configuration.api
        self._sleep = sleep
        self._http = _session()
        self._http.headers["Authorization"] = f"Bearer {configuration.key}"
        self._storage = _session()  # Presigned links and forms get no key.

    def credits(self) -> int:
        return cast("int", self._call("GET", "credits", params={"limit": 1}).json()["available"])

    def price(self, images: int, tier: str) -> int:
        """What so many images cost now, of which a plan may cover all."""
        quote = self._call("POST", "pricing/calculate", json={"totalImages": images, "tier": tier}).json()
        return cast("int", quote["withSubscription"]["price"])

    def remove(self, photo: Path, name: str, fields: Answer, key: str) -> Answer:
        """The job, perhaps not ended yet."""
        answer = self._call(
            "POST",
            "remove",
            data={**{field: str(value) for field, value in fields.items()}, "fileName": name},
            files={"image": ("photo", photo.read_bytes())},
            headers={"Idempotency-Key": key, "Prefer": "wait=20"},
        )
        return cast("Answer", answer.json())

    def create_batch(self, body: Answer, key: str) -> Answer:
        return cast("Answer", self._call("POST", "batch", json=body, headers={"Idempotency-Key": key}).json())

    def batch(self, batch_id: str, *, wait: int = 0) -> Answer:
        """With all its jobs."""
        return self._waiting(f"batch/{batch_id}", wait, limit=500)

    def job(self, job_id: str, *, wait: int = 0) -> Answer:
        return self._waiting(f"jobs/{job_id}", wait)

    def upload(self, form: Answer, photo: Path) -> None:
        content = photo.read_bytes()
        self._repeat(
            lambda: self._storage.post(
                form["url"], data=form["fields"], files={"file": ("photo", content)}, timeout=TIMEOUT
            )
        )

    def download(self, url: str, write: Callable[[Iterator[bytes]], object]) -> None:
        """Raises `UnavailableError` where it ends early, too."""

        def fetch() -> requests.Response:
            with self._storage.get(url, stream=True, timeout=TIMEOUT) as answer:
                if answer.ok:
                    write(answer.iter_content(_CHUNK))
            return answer

        self._repeat(fetch)

    def _waiting(self, path: str, wait: int, **query: int) -> Answer:
        answer = self._call("GET", path, params=query, headers={"Prefer": f"wait={wait}"} if wait else {})
        if wait and "Preference-Applied" not in answer.headers:
            self._sleep(WAIT)  # A service that lets nobody wait, or not so many at once.
        return cast("Answer", answer.json())

    def _call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Raises `RefusedError` and `UnavailableError`."""
        return self._repeat(lambda: self._http.request(method, f"{self._address}/{path}", timeout=TIMEOUT, **arguments))

    def _repeat(self, call: Callable[[], requests.Response]) -> requests.Response:
        for pause in (*PAUSES, None):
            try:
                answer = call()
            except requests.RequestException as error:
                if pause is None:
                    raise UnavailableError(f"The service cannot be reached ({type(error).__name__}).") from None
            else:
                if answer.ok:
                    return answer
                pause = _pause(answer, pause)
                if pause is None:
                    raise _refused(answer)
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"cutout/{version()}"
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=2 * AT_ONCE + 1))
    return session


def version() -> str:
    try:
        return metadata.version("background-remover-pro")
    except metadata.PackageNotFoundError:  # Run from its folder.
        return "0"


def _pause(answer: requests.Response, otherwise: float | None) -> float | None:
    """How long to wait before another try; None where none would help, or not soon."""
    if otherwise is None or not (answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.status_code >= 500):
        return None
    if "jobId" in _problem(answer):  # The job has failed, and a repeat is told so again.
        return None
    asked = answer.headers.get("Retry-After", "")
    pause = float(asked) if asked.isdecimal() else otherwise
    return pause if pause <= LONGEST_PAUSE else None


def _refused(answer: requests.Response) -> RefusedError | UnavailableError:
    problem = _problem(answer)
    detail = problem.get("detail") or f"The service answered {answer.status_code} {answer.reason}."
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" in answer.headers:
        detail += f" That is in {answer.headers['Retry-After']} seconds."
    if answer.status_code >= 500 and "jobId" not in problem:
        return UnavailableError(detail)
    return RefusedError(answer.status_code, problem.get("code", "unexpected_answer"), detail)


def _problem(answer: requests.Response) -> dict[str, str]:
    if "problem+json" not in answer.headers.get("Content-Type", ""):
        return {}
    try:
        return {name: str(value) for name, value in answer.json().items()}
    except (ValueError, AttributeError):
        return {}
