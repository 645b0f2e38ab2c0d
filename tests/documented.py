"""Answers against the OpenAPI document, whichever test asked for them."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import requests
import schemathesis
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.project import PROJECT

DOCUMENT = PROJECT / "functions/docs/openapi.json"
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
ROUTES = {f"{method.upper()} {path}" for path in SCHEMA for method in SCHEMA[path]}
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def assert_documented(route: str, answer: schemathesis.Response | requests.Response) -> None:
    """Fails unless the document has the answer's status for `route`, with its headers, media type and body."""
    method, path = route.split()
    anything = {name: name for name in re.findall(r"{(\w+)}", path)}
    SCHEMA[path][method].Case(path_parameters=anything).validate_response(answer, checks=CONFORMANCE)


def route_of(method: str, path: str) -> str | None:
    """The document's route for a path such as `/api/background-remover/jobs/01a2`; None where it has none."""
    for route in ROUTES:
        pattern = re.sub(r"{\w+}", "[^/]+", route)
        if re.fullmatch(pattern, f"{method} {path}"):
            return route
    return None


def as_response(answer: Mapping[str, Any]) -> schemathesis.Response:
    """What API Gateway makes of a function's answer."""
    body = answer["body"]
    return schemathesis.Response(
        status_code=answer["statusCode"],
        headers={name: [value] for name, value in answer["headers"].items()},
        content=base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(),
        request=requests.Request("GET", "https://example.com").prepare(),
        elapsed=0.0,
        verify=True,
    )
