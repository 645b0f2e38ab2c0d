"""How large an image may be in a request: what is documented fits into Lambda's events, everywhere alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests

from background_remover.http.messages import LARGEST_AS_BASE64, LARGEST_BINARY
from tests.contract.deployment import event
from tests.contract.removebg import encoded
from tests.contract.template import API, gateway_problem
from tests.documented import DOCUMENT
from tests.project import PROJECT

LARGEST_EVENT = 6 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_HEADERS = 10_240  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html

BYTES = Random(16).randbytes(LARGEST_BINARY)
BASE64 = encoded(BYTES[:LARGEST_AS_BASE64])
WAYS: dict[str, dict[str, Any]] = {
    "a form": {"files": {"image": ("cat.jpg", BYTES)}, "data": {"tier": "standard"}},
    "the body": {"data": BYTES},
    "JSON": {"json": {"image": BASE64, "tier": "standard"}},
    "remove.bg's form": {"files": {"image_file": ("cat.jpg", BYTES)}, "data": {"size": "auto"}},
    "base64 in remove.bg's form": {"files": {"image_file_b64": (None, BASE64)}},
    "remove.bg's JSON": {"json": {"image_file_b64": BASE64, "size": "auto"}},
    # + and / and = become three characters each.
    "remove.bg's fields": {"data": {"image_file_b64": BASE64, "size": "auto"}},
}


def handed_over(body: bytes) -> str:
    """As Lambda gets it from API Gateway, with as many headers as a request may have."""
    request = event("remove") | {"body": encoded(body), "isBase64Encoded": True}
    request["headers"] = {"Cookie": "x" * LARGEST_HEADERS}
    request["multiValueHeaders"] = {"Cookie": ["x" * LARGEST_HEADERS]}
    return json.dumps(request)


@pytest.mark.parametrize("way", WAYS)
def test_the_largest_image_fits_into_an_event(way: str) -> None:
    body = requests.Request("POST", "https://example.com", **WAYS[way]).prepare().body
    assert body
    assert len(handed_over(body.encode() if isinstance(body, str) else body)) < LARGEST_EVENT


def test_every_body_is_handed_over_as_base64() -> None:
    assert "*/*" in API["BinaryMediaTypes"]


def described(path: str) -> str:
    return " ".join(json.loads(DOCUMENT.read_text())["paths"][path]["post"]["description"].split())


def section(title: str) -> str:
    return (PROJECT / "docs/api.md").read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


TEXTS: dict[str, Callable[[], str]] = {
    "What goes in": lambda: section("What goes in"),
    "From remove.bg": lambda: section("From remove.bg"),
    "POST remove": lambda: described("/api/background-remover/remove"),
    "POST removebg": lambda: described("/v1.0/removebg"),
    "API Gateway's 413": lambda: gateway_problem("REQUEST_TOO_LARGE")["detail"],
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_figures_are_told(text: str) -> None:
    told = TEXTS[text]()
    assert [f"{size / 1e6} MB" in told for size in (LARGEST_BINARY, LARGEST_AS_BASE64)] == [True, True]


def test_callers_of_our_own_send_no_more() -> None:
    limits = ("functions/publish_page/page/work/photos.js", "layers/command_line/cutout/run.py")
    for path in limits:
        assert f"LARGEST_INLINE = {LARGEST_BINARY:_}" in Path(PROJECT, path).read_text()
