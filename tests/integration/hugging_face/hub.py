"""A stand-in of the Hub and of the API of Inference Endpoints, as far as `make endpoint` calls them."""

import base64
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.stack.hugging_face.answers import Answer, error_answer, json_answer
from tests.stack.hugging_face.server import Server

TOKEN = "hf_operator"
OPERATOR = "anna"
MODEL_REVISION = "f" * 40
COMMIT = "c" * 40
TIME = "2026-11-28T12:00:00.000Z"
PRICES = {"aws-us-east-1-nvidia-t4-x1": 0.5, "aws-us-east-1-intel-spr-x4": 0.134}


class Hub:
    """Runs while its `with` block lasts."""

    def __init__(self) -> None:
        self.gated: bool | str = False
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.repositories: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.states = ["running"]
        """of an endpoint, one for each look at it, the last of them for ever"""
        self._server = Server("127.0.0.1", 0, lambda *request: (self._respond(*request), None))
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def made(self) -> bool:
        return bool(self.endpoints or self.repositories or self.files)

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path = target.partition("?")[0]
        self.asked.append(f"{method} {path}")
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return error_answer(401, "Invalid username or password.")
        match method, path.strip("/").split("/"):
            case "GET", ["api", "whoami-v2"]:
                return json_answer({"type": "user", "name": OPERATOR})
            case "GET", ["api", "models", owner, model]:
                name = f"{owner}/{model}"
                return json_answer(
                    {"id": name, "modelId": name, "sha": MODEL_REVISION, "gated": self.gated, "tags": []}
                )
            case "POST", ["api", "repos", "create"]:
                self.repositories.append(json.loads(body))
                return json_answer({"url": f"{self.url}/{OPERATOR}/{json.loads(body)['name']}"})
            case "POST", ["api", "models", _, _, "preupload", "main"]:
                files = [file["path"] for file in json.loads(body)["files"]]
                return json_answer(
                    {"files": [{"path": file, "uploadMode": "regular", "shouldIgnore": False} for file in files]}
                )
            case "POST", ["api", "models", owner, repository, "commit", "main"]:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                url = f"{self.url}/{owner}/{repository}/commit/{COMMIT}"
                return json_answer({"commitUrl": url, "commitOid": COMMIT, "hookOutput": ""})
            case "GET", ["v2", "provider", _]:
                return json_answer(
                    {"vendors": [{"name": "aws", "regions": [{"name": "us-east-1", "computes": COMPUTES}]}]}
                )
            case "POST", ["v2", "endpoint", namespace]:
                made = json.loads(body)
                self.endpoints[f"{namespace}/{made['name']}"] = made
                return json_answer(self._shown(made))
            case "GET", ["v2", "endpoint", namespace, name] if made := self.endpoints.get(f"{namespace}/{name}"):
                return json_answer(self._shown(made))
            case "GET", ["served", _, "health"]:
                return json_answer("Ok")
            case _:
                return error_answer(404, "Not found")

    def _shown(self, made: dict[str, Any]) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        status: dict[str, str] = {"state": state, "createdAt": TIME, "updatedAt": TIME}
        if state != "pending":
            status["url"] = f"{self.url}/served/{made['name']}"
        return {**made, "healthRoute": "/health", "status": status}


def _compute(hardware: str, price: float) -> dict[str, Any]:
    *_, make, kind, size = hardware.split("-")
    return {
        "id": hardware,
        "accelerator": "gpu" if make == "nvidia" else "cpu",
        "instanceType": f"{make}-{kind}",
        "instanceSize": size,
        "architecture": f"{make.title()} {kind.upper()}",
        "numAccelerators": 1,
        "memoryGb": 14,
        "pricePerHour": price,
        "status": "available",
        "quota": {"maxAccelerators": 4, "usedAccelerators": 0},
    }


COMPUTES = [_compute(hardware, price) for hardware, price in PRICES.items()]
