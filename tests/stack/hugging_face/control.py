"""Control over HTTP, for tests and demos that run beside the stand-in and not in its process."""

import json
import urllib.error
import urllib.request
from typing import Any, Protocol

from tests.stack.hugging_face.answers import Answer, error_answer, json_answer
from tests.stack.hugging_face.faults import Fault
from tests.stack.hugging_face.received import ReceivedRequest


class Controllable(Protocol):
    @property
    def requests(self) -> list[ReceivedRequest]: ...
    @property
    def last_photo(self) -> bytes | None: ...
    def play(self, *faults: Fault) -> None: ...
    def forget_faults(self) -> None: ...
    def forget_requests(self) -> None: ...
    def set_latency(self, seconds: float) -> None: ...
    def set_chance(self, seed: int) -> None: ...
    def rotate_token(self, token: str) -> None: ...
    def reset(self) -> None: ...


class StandInControl:
    """The same methods as the stand-in's own, for one that runs in another process at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def requests(self) -> list[ReceivedRequest]:
        return [ReceivedRequest.from_json(fields) for fields in json.loads(self._call("GET", "requests"))]

    @property
    def last_photo(self) -> bytes | None:
        return self._call("GET", "last-photo") or None

    def play(self, *faults: Fault) -> None:
        self._call("POST", "faults", [fault.to_json() for fault in faults])

    def forget_faults(self) -> None:
        self._call("DELETE", "faults")

    def forget_requests(self) -> None:
        self._call("DELETE", "requests")

    def set_latency(self, seconds: float) -> None:
        self._call("POST", "latency", {"seconds": seconds})

    def set_chance(self, seed: int) -> None:
        self._call("POST", "chance", {"seed": seed})

    def rotate_token(self, token: str) -> None:
        self._call("POST", "token", {"token": token})

    def reset(self) -> None:
        self.forget_faults()
        self.forget_requests()
        self.set_latency(0)

    def _call(self, method: str, path: str, content: Any = None) -> bytes:
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", body, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer: bytes = response.read()
                return answer
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error


def control_answer(stand_in: Controllable, method: str, path: str, body: bytes) -> Answer:
    """Do what `StandInControl` asks for; a request that does not fit gets a 400 that says why."""
    try:
        content: Any = json.loads(body) if body else None
        match method, path.removeprefix("/control/"):
            case "POST", "faults":
                stand_in.play(*(Fault.from_json(fields) for fields in content))
            case "DELETE", "faults":
                stand_in.forget_faults()
            case "GET", "requests":
                return json_answer([request.to_json() for request in stand_in.requests])
            case "DELETE", "requests":
                stand_in.forget_requests()
            case "GET", "last-photo":
                return Answer(200, "application/octet-stream", stand_in.last_photo or b"")
            case "POST", "latency":
                stand_in.set_latency(float(content["seconds"]))
            case "POST", "chance":
                stand_in.set_chance(int(content["seed"]))
            case "POST", "token":
                stand_in.rotate_token(str(content["token"]))
            case _:
                return error_answer(404, "Not Found")
    except (ValueError, TypeError, KeyError) as error:
        return error_answer(400, f"{type(error).__name__}: {error}")
    return json_answer({})
