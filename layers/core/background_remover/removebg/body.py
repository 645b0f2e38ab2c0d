"""The body of remove.bg's `POST /removebg`: a form, or JSON; each field by its name as text, each file as bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import multipart

from background_remover.domain.request_errors import MalformedMultipartError, UnsupportedMediaTypeError
from background_remover.http.messages import LARGEST_BINARY
from background_remover.http.validation import json_object
from background_remover.removebg.refusals import RefusedError

if TYPE_CHECKING:
    from background_remover.http.messages import Request

LONGEST_CODE = 100
FILES = ("image_file", "bg_image_file")
_ABSENT = {"", "undefined", "null", "None"}
"""What clients make of a value that they do not have, where a form has no other way to say so."""


@dataclass(frozen=True, slots=True)
class File:
    name: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    fields: Mapping[str, str]
    files: Mapping[str, File]


def read_body(request: Request) -> Body:
    """Raises `UnsupportedMediaTypeError`, `MalformedMultipartError`, `MalformedJsonError`, `MalformedBase64Error`."""
    content_type, parameters = multipart.parse_options_header(request.headers.get("content-type", ""))
    match content_type:
        case "multipart/form-data":
            return _multipart(request.body(), parameters.get("boundary", ""))
        case "application/json":
            return Body(_present({name: _text(name, value) for name, value in json_object(request.body()).items()}), {})
        case "application/x-www-form-urlencoded" | "":
            pairs = parse_qsl(request.body().decode(errors="replace"), keep_blank_values=True)
            return Body(_present(dict(pairs)), {})
    raise UnsupportedMediaTypeError("Send multipart/form-data, application/json or application/x-www-form-urlencoded.")


def _multipart(content: bytes, boundary: str) -> Body:
    try:
        parts = multipart.MultipartParser(
            io.BytesIO(content),
            boundary,
            len(content),
            part_limit=100,
            # All of it is in memory already.
            spool_limit=2 * LARGEST_BINARY,
            memory_limit=2 * LARGEST_BINARY,
        ).parts()
        fields = {part.name: part.value for part in parts if part.name not in FILES}
    except (multipart.MultipartError, UnicodeError, LookupError) as error:
        raise MalformedMultipartError(f"The multipart body cannot be read: {error}") from error
    files = {part.name: File(part.filename or None, part.raw) for part in parts if part.name in FILES}
    # A field without a file: browsers send an empty part, others the text of what they do not have.
    return Body(
        _present(fields),
        {name: file for name, file in files.items() if file.name or file.content.decode("latin-1") not in _ABSENT},
    )


def _text(name: str, value: Any) -> str:
    """Raises `RefusedError`."""
    if isinstance(value, (dict, list)):
        raise RefusedError(f"invalid_{name}"[:LONGEST_CODE], "Give a text.")
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _present(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in fields.items() if value.strip() not in _ABSENT}
