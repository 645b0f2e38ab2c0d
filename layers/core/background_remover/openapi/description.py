"""What a row of the table of routes says of a route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from background_remover.domain.errors import DomainError
from background_remover.http import requests
from background_remover.openapi import examples

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}


class Tag(StrEnum):
    """Groups of routes, in the order in which the document shows them."""

    IMAGES = "images"
    BATCHES = "batches"
    JOBS = "jobs"
    ACCOUNT = "account"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Json:
    """`model` is any type that pydantic takes. `examples` by a word about each."""

    model: Any
    examples: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Form:
    """multipart/form-data with the fields of the model, and in the field `files` one file, or up to `at_most`."""

    model: type[requests.Request]
    files: str
    example: Mapping[str, Any]
    at_most: int = 1


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
    `query_belongs_to` says to which kind of body the query belongs, where other kinds have these fields in them.
    """

    route: str
    name: str
    tag: Tag
    summary: str
    description: str = ""
    needs_token: bool = True
    query: type[requests.Request] | None = None
    query_belongs_to: str = ""
    headers: tuple[Header, ...] = ()
    bodies: Mapping[str, Content] = field(default_factory=dict)
    answers: Mapping[HTTPStatus, Answer]
    errors: tuple[type[DomainError], ...] = ()


@dataclass(frozen=True, slots=True)
class PathParameter:
    description: str
    schema: Schema


PATH_PARAMETERS = {
    "jobId": PathParameter("One of your jobs.", {**TEXT, "examples": [examples.JOB_ID]}),
    "batchId": PathParameter("One of your batches.", {**TEXT, "examples": [examples.BATCH_ID]}),
    "keyId": PathParameter("One of your API keys.", {**TEXT, "examples": [examples.KEY_ID]}),
    "asset": PathParameter("A file of the page.", {"enum": ["swagger-ui-bundle.js", "swagger-ui.css"]}),
}

IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "For 24 hours a repeat with the same key and body gets what the first request made, and costs nothing.",
    {**TEXT, "pattern": requests.IDEMPOTENCY_KEY, "examples": [examples.IDEMPOTENCY_KEY]},
    is_always_there=False,
)
PREFER = Header(
    "Prefer",
    "`respond-async` asks not to wait for the image.",
    {**TEXT, "examples": ["respond-async"]},
    is_always_there=False,
)
LOCATION = Header("Location", "Relative to the request's URL.", {**TEXT, "format": "uri-reference"})
LINK_TO_JOB = Header("Link", "Beside an image: its job, as `describedby`.", TEXT, is_always_there=False)
RETRY_AFTER = Header("Retry-After", "How many seconds to wait before you ask again.", {"type": "integer", "minimum": 1})

RESULT_TYPES = ("image/png", "image/jpeg", "image/webp")
IMAGE_ANSWERS: Mapping[str, Content] = {media_type: Binary() for media_type in RESULT_TYPES}
