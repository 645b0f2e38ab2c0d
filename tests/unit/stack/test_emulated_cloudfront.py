import asyncio
import gzip
from typing import Any

import pytest

from tests.stack.emulated_cloudfront import at_own_port, compressed, may_be_kept

BODY = b"a page " * 1000


def test_texts_are_compressed_for_whoever_takes_it() -> None:
    _, headers, body = compressed((200, {"Content-Type": "text/html", "Content-Length": "7000"}, BODY), "gzip, br")

    assert gzip.decompress(body) == BODY
    assert (headers["Content-Encoding"], headers["Content-Length"]) == ("gzip", str(len(body)))


@pytest.mark.parametrize(
    ("headers", "body", "accepted"),
    [
        ({"Content-Type": "text/html"}, BODY, ""),
        ({"Content-Type": "text/html"}, BODY[:999], "gzip"),
        ({"Content-Type": "image/png"}, BODY, "gzip"),
        ({"Content-Type": "text/html", "Content-Encoding": "br"}, BODY, "gzip"),
    ],
    ids=["not accepted", "too small", "an image", "compressed already"],
)
def test_everything_else_stays_as_it_is(headers: dict[str, Any], body: bytes, accepted: str) -> None:
    assert compressed((200, headers, body), accepted) == (200, headers, body)


@pytest.mark.parametrize(("port", "host"), [(8000, b"d1.cloudfront.net"), (4566, b"127.0.0.1:4566")])
def test_what_comes_to_the_pages_port_is_for_the_distribution(port: int, host: bytes) -> None:
    seen: list[dict[bytes, bytes]] = []

    async def app(scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        seen.append(dict(scope["headers"]))

    scope = {"type": "http", "server": ("127.0.0.1", port), "headers": [(b"host", b"127.0.0.1:4566")]}
    asyncio.run(at_own_port(app, 8000, lambda: "d1.cloudfront.net")(scope, None, None))

    assert seen[0][b"host"] == host


@pytest.mark.parametrize(
    ("method", "status", "cache_control", "is_kept"),
    [
        ("GET", 200, "public, max-age=31536000, immutable", True),
        ("GET", 200, "no-cache", False),
        ("GET", 403, "public, max-age=31536000, immutable", False),
        ("HEAD", 200, "public, max-age=31536000, immutable", False),
    ],
)
def test_what_never_changes_is_kept(method: str, status: int, cache_control: str, is_kept: bool) -> None:
    assert may_be_kept(method, (status, {"Cache-Control": cache_control}, BODY)) == is_kept
