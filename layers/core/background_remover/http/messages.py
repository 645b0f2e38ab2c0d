"""Requests and responses of API Gateway's proxy integration, payload version 1.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from background_remover.domain.request_errors import InvalidParameterError, MalformedBase64Error

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from background_remover.gateways.limit_store import Place

LARGEST_BINARY = 4_400_000
"""Bytes. Lambda's events and answers hold 6 MB, in which binary bodies stand as base64:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

LARGEST_AS_BASE64 = LARGEST_BINARY * 3 // 4
"""Bytes of an image that stands as base64 in a body, as API Gateway encodes all of the body once more."""


class Request:
    """`route` is method and resource as the template has them: `GET /api/background-remover/jobs/{jobId}`."""

    def __init__(self, event: Mapping[str, Any], context: LambdaContext) -> None:
        self._event = event
        self._context = context
        self.method: str = event["httpMethod"]
        self.resource: str = event["resource"]
        self.headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        self.path: dict[str, str] = event.get("pathParameters") or {}
        self.request_id: str = event["requestContext"]["requestId"]
        # What `RequestLimits` finds out.
        self.limit_headers: dict[str, str] = {}
        self.place: Place | None = None
        self.has_no_place = False

    @property
    def route(self) -> str:
        return f"{self.method} {self.resource}"

    @property
    def query(self) -> dict[str, str]:
        """Raises `InvalidParameterError`."""
        values = self._event.get("multiValueQueryStringParameters") or {}
        return single_values((name, value) for name, several in values.items() for value in several)

    @cached_property
    def user_id(self) -> str:
        """The caller, as the authorizer established it, or a route that does so itself."""
        return str(self._event["requestContext"]["authorizer"]["userId"])

    @property
    def preferences(self) -> set[str]:
        """RFC 7240, without parameters, which none of ours has; `wait` reads its own."""
        return {preference.strip().lower() for preference in self.headers.get("prefer", "").split(",")}

    @property
    def wait(self) -> int | None:
        """How many seconds the caller prefers to wait at most. One that is no number is ignored, as RFC 7240 has it."""
        for preference in self.headers.get("prefer", "").lower().split(","):
            if found := re.fullmatch(r'\s*wait\s*=\s*("?)([0-9]{1,9})\1\s*', preference):
                return int(found[2])
        return None

    @property
    def responds_async(self) -> bool:
        """Whether the caller does not want to wait at all. With both preferences, the wait comes first."""
        return self.wait == 0 or (self.wait is None and "respond-async" in self.preferences)

    def remaining_seconds(self) -> float:
        """Until Lambda ends this invocation."""
        return self._context.get_remaining_time_in_millis() / 1000

    @property
    def is_binary(self) -> bool:
        """Whether API Gateway took the body for binary; other bodies it hands over as text."""
        return bool(self._event.get("isBase64Encoded"))

    def body(self) -> bytes:
        """Raises `MalformedBase64Error`."""
        body = self._event.get("body") or ""
        return decode_base64(body) if self.is_binary else body.encode()


def single_values(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields of a form or query. Raises `InvalidParameterError` where one comes more than once."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise InvalidParameterError(
                f"The field “{name}” comes more than once.",
                errors=[{"field": name, "message": "comes more than once"}],
            )
        values[name] = value
    return values


def decode_base64(text: str) -> bytes:
    """Raises `MalformedBase64Error`."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedBase64Error(f"The base64 cannot be decoded: {error}") from None


@dataclass(frozen=True, slots=True)
class Response:
    """`body` is JSON unless it is text or bytes, which go out as they are. `headers` win over those of all answers."""

    status: HTTPStatus
    body: Mapping[str, Any] | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def to_gateway(self, headers_of_all: Mapping[str, str]) -> dict[str, Any]:
        headers = {**headers_of_all, **self.headers}
        if self.body is not None:
            headers["Content-Type"] = self.content_type
        is_bytes = isinstance(self.body, bytes)
        match self.body:
            case None:
                body = ""
            case str():
                body = self.body
            case bytes():
                body = base64.b64encode(self.body).decode()
                # Images are compressed already. With this header API Gateway leaves them as they are:
                # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html
                headers["Content-Encoding"] = "identity"
            case _:
                body = json.dumps(self.body)
        return {"statusCode": self.status.value, "headers": headers, "body": body, "isBase64Encoded": is_bytes}
