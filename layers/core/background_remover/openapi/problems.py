"""Problem documents (RFC 9457): what API Gateway answers by itself, and a schema and an example for each code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from background_remover.domain import (
    account_errors,
    credit_errors,
    image_errors,
    inference_errors,
    job_errors,
    request_errors,
)
from background_remover.domain.errors import DomainError
from background_remover.domain.jobs import JobStatus
from background_remover.http.problems import STATUS
from background_remover.openapi.description import Schema

GATEWAY = {
    "bad_request": (HTTPStatus.BAD_REQUEST, "The request could not be understood."),
    "unauthorized": (HTTPStatus.UNAUTHORIZED, "Send Authorization: Bearer with a valid token or API key."),
    "forbidden": (HTTPStatus.FORBIDDEN, "You may not call this."),
    "route_not_found": (HTTPStatus.NOT_FOUND, "There is no such route."),
    "image_too_large": (
        HTTPStatus.CONTENT_TOO_LARGE,
        "Send an image of at most 4.4 MB here (3.3 MB as base64), a larger one (up to 10 MB) with POST uploads.",
    ),
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests. Slow down and try again."),
    "internal_error": (
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong on our side. Try again; if it stays, report the requestId.",
    ),
    "timeout": (HTTPStatus.GATEWAY_TIMEOUT, "This took too long. Look at GET /jobs before you try again."),
}
"""Status and detail by code, as template.yaml has them in `GatewayResponses`. Any route may answer so."""

OF_WHO_CALLS = {"unauthorized", "forbidden"}
"""Those of them that a route without authentication does not give."""

# The gateway's defaults stand for many statuses, and do not know which one it is.
_WITHOUT_STATUS = {"bad_request", "internal_error"}

_TEXT = {"type": "string"}
_FAULT = {
    "type": "object",
    "properties": {"field": _TEXT, "message": _TEXT},
    "required": ["field", "message"],
    "additionalProperties": False,
}
_MEMBERS: dict[str, dict[str, Schema]] = {
    credit_errors.InsufficientCreditsError.code: {
        "required": {"type": "integer", "examples": [8]},
        "available": {"type": "integer", "examples": [3]},
        "owed": {"type": "integer", "examples": [0]},
    },
    request_errors.InvalidParameterError.code: {
        "errors": {
            "type": "array",
            "items": _FAULT,
            "examples": [[{"field": "limit", "message": "Input should be greater than or equal to 1"}]],
        }
    },
    job_errors.NothingToRenderError.code: {
        "jobStatus": {"enum": [status for status in JobStatus if status != "completed"], "examples": ["failed"]}
    },
    image_errors.ImageTooLargeError.code: {
        "limit": {"type": "integer", "description": "In bytes.", "examples": [4_400_000]}
    },
}
"""What a problem has besides the members of all, by its code."""

_ENDS_JOBS = (
    image_errors.ImageError,
    inference_errors.InferenceError,
    job_errors.JobAbandonedError,
    credit_errors.InsufficientCreditsError,
    credit_errors.UnchargedAllowanceUsedError,
    request_errors.UnknownTierError,
    account_errors.UnknownUserError,
)
"""What a job may have failed by. `POST /remove` tells so with its `jobId`, without other members."""

_ERRORS = {
    kind.code: kind
    for module in (account_errors, credit_errors, image_errors, inference_errors, job_errors, request_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, DomainError) and "code" in vars(kind)
}


def schema_name(code: str) -> str:
    return f"{''.join(map(str.capitalize, code.split('_')))}Problem"


def status(code: str) -> HTTPStatus:
    return STATUS[code] if code in STATUS else GATEWAY[code][0]


def example(code: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": status(code).phrase,
        "status": status(code).value,
        "code": code,
        "detail": _detail(code),
        "requestId": "8f2c7e0a-5d41-4b7e-9d0c-2f6a1b3c4d5e",
        **{name: member["examples"][0] for name, member in _MEMBERS.get(code, {}).items()},
    }


def schema(code: str) -> Schema:
    members = _MEMBERS.get(code, {})
    result: Schema = {
        "type": "object",
        "description": _detail(code),
        "properties": {
            "type": {"const": "about:blank"},
            "title": {"const": status(code).phrase},
            "status": {"const": status(code).value},
            "code": {"const": code},
            "detail": _TEXT,
            "requestId": _TEXT,
            **members,
        },
        "required": ["type", "code", "detail", "requestId"],
        "additionalProperties": False,
    }
    if code not in _WITHOUT_STATUS:
        result["required"] += ["title", "status"]
    always_there = [] if code in GATEWAY else [*members]
    if code in _ERRORS and issubclass(_ERRORS[code], _ENDS_JOBS):
        result["properties"]["jobId"] = _TEXT
        if always_there:
            result["anyOf"] = [{"required": always_there}, {"required": ["jobId"]}]
    else:
        result["required"] += always_there
    return result


def _detail(code: str) -> str:
    if code in GATEWAY:
        return GATEWAY[code][1]
    return " ".join(str(_ERRORS[code].__doc__).split())
