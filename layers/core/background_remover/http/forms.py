"""multipart/form-data, as browsers and curl send it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import multipart

from background_remover.domain.errors import MalformedMultipartError
from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.http.messages import LARGEST_BINARY, single_values

_MOST_PARTS = 2 * LARGEST_BATCH
"""More than a form can need, so that one with too many images is told so."""


@dataclass(frozen=True, slots=True)
class FormFile:
    name: str | None
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    values: dict[str, str]
    files: list[FormFile]


def read_form(body: bytes, boundary: str, *, files: str) -> Form:
    """The fields called `files` are the form's files, in order; any other comes once.

    Raises `MalformedMultipartError` and `InvalidParameterError`.
    """
    try:
        parts = multipart.MultipartParser(
            io.BytesIO(body), boundary, len(body), part_limit=_MOST_PARTS, memory_limit=2 * LARGEST_BINARY
        ).parts()
        values = single_values((part.name, part.value) for part in parts if part.name != files)
    except (multipart.MultipartError, UnicodeError, LookupError) as error:  # A part names its own charset.
        raise MalformedMultipartError(f"The multipart body cannot be read: {error}") from error
    found = [FormFile(part.filename or None, part.content_type or "", part.raw) for part in parts if part.name == files]
    return Form(values, found)
