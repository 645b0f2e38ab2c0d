"""Requests of remove.bg's clients as API Gateway hands them over, and what its callers get to see of the answers."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import requests
from PIL import Image

from tests.contract.deployment import API_KEY, Deployment, event

ADDRESS = "https://api.remove.bg/v1.0"
KEY = {"X-Api-Key": API_KEY}


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def image(self) -> Image.Image:
        return Image.open(io.BytesIO(self.content))

    @property
    def error(self) -> dict[str, str]:
        (error,) = self.json["errors"]
        found: dict[str, str] = error
        return found


def send(deployment: Deployment, **request: Any) -> Answered:
    """`request` as of `ask`."""
    answer = ask(deployment, **request)
    text = answer["body"]
    content = base64.b64decode(text) if answer["isBase64Encoded"] else text.encode()
    return Answered(answer["statusCode"], answer["headers"], content)


def ask(
    deployment: Deployment,
    *,
    path: str = "/removebg",
    method: str = "POST",
    headers: dict[str, str] | None = None,
    **sent: Any,
) -> Any:
    """What API Gateway gets.

    `sent` is what `requests` takes: `data`, `files` or `json`, by which the body is made as its clients make it.
    """
    headers = KEY if headers is None else headers
    prepared = requests.Request(method, f"{ADDRESS}{path}", headers=headers, **sent).prepare()
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    request = event("account" if method == "GET" else "removebg")
    request |= {
        "headers": {"Accept": "*/*", **prepared.headers},
        "body": encoded(body),
        "isBase64Encoded": True,
    }
    return deployment.invoke("RemoveBgFunction", request)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def photo(width: int = 64, height: int = 48, *, kind: str = "PNG") -> bytes:
    """Of other bytes than any other of these sizes; noise, so that it takes some."""
    noise = np.random.default_rng(width * 10_000 + height).integers(0, 255, (height, width, 3), np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noise).save(encoded, kind)
    return encoded.getvalue()


def detailed() -> bytes:
    """A photo whose cut-out does not fit into an answer."""
    noise = np.random.default_rng(1).integers(0, 255, (1800, 2400, 3), np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(noise).save(encoded, "JPEG", quality=60)
    return encoded.getvalue()
