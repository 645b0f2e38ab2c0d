"""What a row of the table of routes says of a route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from background_remover.domain.errors import DomainError
from background_remover.http import headers, validation
from background_remover.openapi import examples

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}


class Tag(StrEnum):
    """Groups of routes, in the order in which the document shows them."""

    IMAGES = "images"
    BATCHES = "batches"
    JOBS = "jobs"
    ACCOUNT = "account"
    REMOVE_BG = "remove.bg"
    WEBHOOKS = "webhooks"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Json:
    """`model` is any type that pydantic takes. `examples` by a word about each."""

    model: Any
    examples: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """multipart/form-data with the fields of the model, and in the field `files` one file, or up to `at_most`.

    `beside`: fields that may have another file, and what is said of it.
    """

    model: type[validation.Request]
    files: str
    example: Mapping[str, Any]
    at_most: int = 1
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    example: str


@dataclass(frozen=True, slots=True)
class Binary:
    """The bytes of a file."""


Content = Json | Form | Text | Binary


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    description: str
    schema: Schema
    is_always_there: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers if all goes well. `content` by media type; empty for an answer without a body.

    `leads_to` names operations whose path takes an id that the answer's JSON has under the same name.
    """

    description: str
    content: Mapping[str, Content] = field(default_factory=dict)
    headers: tuple[Header, ...] = ()
    leads_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`route` is method and path as template.yaml has them, `name` the operation's in generated clients.

    `errors` are those that this route may raise; what API Gateway may answer on every route is added to them.
    `security` is what a route asks for by itself, without the authorizer.
    `query_belongs_to` says to which kind of body the query belongs, where other kinds have these fields in them.
    """

    route: str
    name: str
    tag: Tag
    summary: str
    description: str = ""
    needs_token: bool = True
    security: tuple[Schema, ...] = ()
    query: type[validation.Request] | None = None
    query_belongs_to: str = ""
    headers: tuple[Header, ...] = ()
    bodies: Mapping[str, Content] = field(default_factory=dict)
    answers: Mapping[HTTPStatus, Answer]
    errors: tuple[type[DomainError], ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether it takes of its caller's limits; see `RequestLimits`."""
        return self.needs_token and not self.route.startswith("GET ")


@dataclass(frozen=True, slots=True)
class PathParameter:
    description: str
    schema: Schema


PATH_PARAMETERS = {
    "jobId": PathParameter("One of your jobs.", {**TEXT, "examples": [examples.JOB_ID]}),
    "batchId": PathParameter("One of your batches.", {**TEXT, "examples": [examples.BATCH_ID]}),
    "keyId": PathParameter("One of your API keys.", {**TEXT, "examples": [examples.KEY_ID]}),
    "webhookId": PathParameter("One of your webhooks.", {**TEXT, "examples": [examples.WEBHOOK_ID]}),
    "eventId": PathParameter("An event, as the header webhook-id has it.", {**TEXT, "examples": [examples.EVENT_ID]}),
    "asset": PathParameter("A file of the page.", {"enum": ["swagger-ui-bundle.js", "swagger-ui.css"]}),
}

IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "For 24 hours a repeat with the same key and body gets what the first request made, and costs nothing.",
    {**TEXT, "pattern": headers.IDEMPOTENCY_KEY, "examples": [examples.IDEMPOTENCY_KEY]},
    is_always_there=False,
)
PREFER = Header(
    "Prefer",
    "`respond-async` asks not to wait for the image, `wait=10` to wait no longer than about so many seconds.",
    {**TEXT, "examples": ["respond-async", "wait=10"]},
    is_always_there=False,
)
PREFER_WAIT = Header(
    "Prefer",
    "`wait=20` asks to be answered when it has ended, or after so many seconds; 20 are granted at most.",
    {**TEXT, "examples": ["wait=20"]},
    is_always_there=False,
)
WAIT_APPLIED = Header(
    "Preference-Applied",
    "The wait that was granted, if you asked for one. It is not there where as many of your requests wait as may.",
    {**TEXT, "examples": ["wait=20"]},
    is_always_there=False,
)
CACHE_CONTROL = Header(
    "Cache-Control",
    "`no-cache` asks for a new inference, at its price, even if the photo's matte is known.",
    {**TEXT, "examples": ["no-cache"]},
    is_always_there=False,
)
CACHE_STATUS = Header(
    "Cache-Status",
    "Beside an image: there if it was made from the finished matte of an earlier job, and cost nothing.",
    {"const": "background-remover; hit"},
    is_always_there=False,
)
LOCATION = Header("Location", "Relative to the request's URL.", {**TEXT, "format": "uri-reference"})
LINK_TO_JOB = Header("Link", "Beside an image: its job, as `describedby`.", TEXT, is_always_there=False)
RETRY_AFTER = Header("Retry-After", "How many seconds to wait before you ask again.", {"type": "integer", "minimum": 1})

RATE_LIMIT = (
    Header(
        "RateLimit-Policy",
        "How many requests you may make at once (`q`), and in how many seconds they all come back (`w`).",
        {**TEXT, "examples": ['"default";q=150;w=30']},
        is_always_there=False,
    ),
    Header(
        "RateLimit",
        "How many are left (`r`), and in how many seconds all are there again (`t`); with 429, another one.",
        {**TEXT, "examples": ['"default";r=149;t=1']},
        is_always_there=False,
    ),
)
"""Of every route but those that only read."""

RESULT_TYPES = ("image/png", "image/jpeg", "image/webp")
IMAGE_ANSWERS: Mapping[str, Content] = {media_type: Binary() for media_type in RESULT_TYPES}
