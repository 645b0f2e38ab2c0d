"""An image from the URL that a user named. Runs in the function that may do nothing else."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover.domain.image_errors import (
    EmptyImageError,
    ImageNotFetchedError,
    ImageTooLargeError,
    ImageUrlRefusedError,
)
from background_remover.domain.jobs import LARGEST_UPLOAD
from background_remover.domain.public_url import AddressRefusedError, PublicUrl
from background_remover.gateways.public_https import PublicHttps, UnansweredError

if TYPE_CHECKING:
    from http.client import HTTPResponse

MOST_REDIRECTS = 3
LONGEST_DOWNLOAD = 10.0
"""Seconds for all of it: looking up, connecting, redirects, and the last byte."""

_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
_HEADERS = {"Accept": "image/*, application/octet-stream;q=0.5"}
_PIECE = 64 * 1024


def download(https: PublicHttps, text: str, *, seconds: float = LONGEST_DOWNLOAD) -> bytes:
    """Raises `ImageUrlRefusedError`, `ImageNotFetchedError`, `ImageTooLargeError` and `EmptyImageError`."""
    deadline = https.clock() + seconds
    try:
        url = PublicUrl.parse(text)
        for _ in range(1 + MOST_REDIRECTS):
            found = _ask(https, url, deadline)
            if isinstance(found, bytes):
                return found
            url = url.joined(found)
    except AddressRefusedError as error:
        raise ImageUrlRefusedError(
            f"The image's URL, or where it redirects to, {error}. Name an https address on the public internet."
        ) from error
    except UnansweredError as error:
        raise ImageNotFetchedError(
            f"The server of the image {error}. Try the URL in a browser, or send the image itself."
        ) from error
    raise ImageNotFetchedError(
        f"The image's URL redirects more than {MOST_REDIRECTS} times. Name the address where it ends."
    )


def _ask(https: PublicHttps, url: PublicUrl, deadline: float) -> bytes | str:
    """The image, or where to ask instead."""
    with https.exchange("GET", url, deadline=deadline, headers=_HEADERS) as answer:
        location = answer.headers.get("Location")
        if answer.status in _REDIRECTS and location:
            return location
        if answer.status != HTTPStatus.OK:
            raise ImageNotFetchedError(
                f"The server of the image answers with status {answer.status}. "
                "Name an address that gives the image to everybody, or send the image itself."
            )
        return _body(answer)


def _body(answer: HTTPResponse) -> bytes:
    announced = answer.length
    body = bytearray()
    while (announced or 0) <= LARGEST_UPLOAD and len(body) <= LARGEST_UPLOAD:
        piece = answer.read(_PIECE)
        body += piece
        if piece:
            continue
        if announced is not None and len(body) < announced:
            raise UnansweredError("breaks off")
        if not body:
            raise EmptyImageError("The server of the image answers with an empty file.")
        return bytes(body)
    raise ImageTooLargeError(
        f"The image at this URL is larger than {LARGEST_UPLOAD // 1_000_000} MB.", limit=LARGEST_UPLOAD
    )
