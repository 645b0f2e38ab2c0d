"""multipart/form-data, as browsers and curl send it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import multipart

from background_remover.domain.pricing import LARGEST_BATCH
from background_remover.domain.request_errors import MalformedMultipartError
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
    background: FormFile | None = None


def read_form(body: bytes, boundary: str, *, files: str, background: str | None = None) -> Form:
    """The fields called `files` are the form's files, in order; any other comes once, `background` among them, which is
    a file as well.

    Raises `MalformedMultipartError` and `InvalidParameterError`.
    """
    try:
        parts = multipart.MultipartParser(
            io.BytesIO(body), boundary, len(body), part_limit=_MOST_PARTS, memory_limit=2 * LARGEST_BINARY
        ).parts()
        single = [part for part in parts if part.name != files]
        values = single_values((part.name, "" if part.name == background else part.value) for part in single)
    except (multipart.MultipartError, UnicodeError, LookupError) as error:  # A part names its own charset.
        raise MalformedMultipartError(f"The multipart body cannot be read: {error}") from error
    values.pop(background or "", None)
    behind = [_file(part) for part in single if part.name == background]
    return Form(values, [_file(part) for part in parts if part.name == files], behind[0] if behind else None)


def _file(part: multipart.MultipartPart) -> FormFile:
    return FormFile(part.filename or None, part.content_type or "", part.raw)
