"""The one image in an endpoint's JSON, whatever its handler calls it and however deep it puts it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from background_remover.domain.inference_errors import InferenceUnavailableError, InvalidMatteError
from background_remover.gateways.hugging_face import verdict

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.transport import Answer

NAMES = frozenset({"mask", "image", "output", "generated_image_base64"})
"""Members that mean an image; what is in them is none if it is not base64."""

DEEPEST = 4
"""Levels of lists and objects that are looked into: {"output": {"images": [{"image": …}]}} has four."""

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_SHOWN_NAMES = 4
_SHOWN_LETTERS = 26


def only_image(answer: Answer) -> bytes:
    """The encoded image, of which there must be exactly one.

    Raises `InvalidMatteError` where it is not base64, and `UnreadableAnswerError` where there is none or another one.
    """
    content = answer.json()
    strings = list(_strings(content, DEEPEST, "image" if isinstance(content, str) else ""))
    # What looks like an image goes before what is only called one: {"mask": …, "output": "done"}.
    images = [text for _, text in strings if _looks_like_an_image(text)]
    images = images or [text for name, text in strings if name in NAMES and not _is_address(text)]
    match images, content:
        case [only], _:
            return _decoded(only)
        case [], {"estimated_time": _} if (seconds := verdict.estimated_seconds(answer.body)) is not None:
            raise InferenceUnavailableError("The model is loading.", retry_after=seconds)
        case [], {"error": str()}:
            raise answer.lacking("exactly one image")
        case _:
            raise answer.lacking("exactly one image", found=f"{len(images) or 'no'} images in {_kind(content)}")


def _strings(content: object, levels: int, name: str) -> Iterator[tuple[str, str]]:
    """Each with the name of the innermost member that it is in."""
    match content:
        case str():
            yield name, content
        case dict() if levels:
            for key, value in content.items():
                yield from _strings(value, levels - 1, key)
        case list() if levels:
            for value in content:
                yield from _strings(value, levels - 1, name)


def _looks_like_an_image(text: str) -> bool:
    if text.startswith("data:"):
        return text.startswith("data:image/")
    try:
        return base64.b64decode(text[:16], validate=True).startswith(_SIGNATURES)
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.rpartition("base64,")[2], validate=True)
    except ValueError:
        raise InvalidMatteError("Hugging Face's mask is not base64.") from None


def _kind(content: object) -> str:
    """In one short line, and nothing of what the values are."""
    match content:
        case dict():
            shown = [f"{_name(key)} ({_plain_kind(value)})" for key, value in [*content.items()][:_SHOWN_NAMES]]
            rest = [f"{len(content) - len(shown)} more"] if len(content) > len(shown) else []
            return f"an object with {', '.join(shown + rest) or 'nothing in it'}"
        case [dict() as first, *others]:
            return f"a list of {_kind(first)}" + (f" and {len(others)} more" if others else "")
        case _:
            return _plain_kind(content)


def _plain_kind(value: object) -> str:
    match value:
        case str():
            return "an image" if _looks_like_an_image(value) else "an address" if _is_address(value) else "text"
        case dict():
            return "an object"
        case list():
            return f"a list of {len(value)}"
        case None:
            return "null"
        case bool():
            return "a boolean"
        case _:
            return "a number"


def _name(key: str) -> str:
    return ascii(key)[:_SHOWN_LETTERS]
