from __future__ import annotations

import inspect
import socket
import time
from collections.abc import Iterator

import pytest

from background_remover.domain.errors import DomainError
from background_remover.domain.image_errors import EmptyImageError, ImageNotFetchedError, ImageTooLargeError
from background_remover.domain.jobs import LARGEST_UPLOAD
from background_remover.gateways import public_https
from background_remover.gateways.image_download import LONGEST_DOWNLOAD, download
from background_remover.gateways.public_https import USER_AGENT, PublicHttps
from tests.integration.fetching.web import HOST, IN_MUNICH, OTHER_HOST, SOMEWHERE, Answer, Web, ok, redirect

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

URL = f"https://{HOST}/cat.jpg"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(ok(b"a cat")).serving() as web:
        yield web


def test_an_image_is_fetched_from_the_address_that_its_host_has(web: Web) -> None:
    assert download(web.https(), URL) == b"a cat"
    assert (web.called, web.connections) == ([SOMEWHERE], 1)


def test_the_host_is_told_who_we_are_and_nothing_else(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    web.answers = [redirect("/again\r\nSet-Cookie: a=b"), ok(b"a cat")]

    download(web.https(), f"{URL}?size=large&who=me%20you#frame")

    asked = web.requests[0].decode().split("\r\n")
    assert asked[0] == "GET /cat.jpg?size=large&who=me%20you HTTP/1.1"
    assert sorted(asked[1:-2]) == [
        "Accept-Encoding: identity",
        "Accept: image/*, application/octet-stream;q=0.5",
        "Connection: close",
        f"Host: {HOST}",
        f"User-Agent: {USER_AGENT}",
    ]
    assert [line.partition(":")[0] for line in web.requests[1].decode().split("\r\n")[1:-2]] == [
        line.partition(":")[0] for line in asked[1:-2]
    ]


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        (f"HTTPS://{HOST.upper()}:443", HOST, "/"),
        (f"https://{HOST}.:/a b".replace(" ", "%20"), HOST, "/a%20b"),
        (f"https://{HOST}/ä/ü?ö=ß", HOST, "/%C3%A4/%C3%BC?%C3%B6=%C3%9F"),
        ("https://München.example/", IN_MUNICH, "/"),
        (f"https://{IN_MUNICH}/", IN_MUNICH, "/"),
        (f"https://{HOST}#@127.0.0.1/", HOST, "/"),
        (f"https://{HOST}?@127.0.0.1/", HOST, "/?@127.0.0.1/"),
        (f"https://{HOST}//127.0.0.1/../..", HOST, "//127.0.0.1/../.."),
    ],
)
def test_a_url_is_asked_for_as_browsers_do(web: Web, url: str, host: str, target: str) -> None:
    assert download(web.https(), url) == b"a cat"

    (request,) = web.requests
    assert request.startswith(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n".encode())
    assert web.looked_up == [host]


def test_an_image_in_chunks_is_fetched(web: Web) -> None:
    web.answers = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n3\r\ncat\r\n0\r\n\r\n"]

    assert download(web.https(), URL) == b"a cat"


def test_an_image_that_ends_with_the_connection_is_fetched(web: Web) -> None:
    web.answers = [b"HTTP/1.0 200 OK\r\n\r\na cat"]

    assert download(web.https(), URL) == b"a cat"


def test_three_redirects_are_followed(web: Web) -> None:
    web.answers = [redirect("/1"), redirect(f"//{OTHER_HOST}/2"), redirect(f"https://{HOST}/3"), ok(b"a cat")]

    assert download(web.https(), URL) == b"a cat"
    assert web.looked_up == [HOST, HOST, OTHER_HOST, HOST]


def test_a_fourth_redirect_is_not_followed(web: Web) -> None:
    web.answers = [redirect("/again")]

    with pytest.raises(ImageNotFetchedError, match="more than 3 times"):
        download(web.https(), URL)

    assert web.connections == 4


def test_the_next_address_is_tried_where_one_does_not_answer(web: Web) -> None:
    web.names[HOST] = [["2606:2800:220:1:248:1893:25c8:1946", SOMEWHERE]]

    def unreachable_by_ipv6(address: str, timeout: float) -> socket.socket:
        if ":" in address:
            raise OSError("Network is unreachable")
        return web.connect(address, timeout)

    assert download(web.https(connect=unreachable_by_ipv6), URL) == b"a cat"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ImageNotFetchedError, "status 404"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", ImageNotFetchedError, "status 403"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", ImageNotFetchedError, "status 500"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ImageNotFetchedError, "status 204"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na", ImageNotFetchedError, "status 206"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", ImageNotFetchedError, "status 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na", ImageNotFetchedError, "breaks off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", EmptyImageError, "empty"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number", ImageNotFetchedError, "properly"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ImageNotFetchedError, "properly"),
        (b"\x00\x01\x02", ImageNotFetchedError, "properly"),
        (b"", ImageNotFetchedError, "properly"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n", ImageNotFetchedError, "properly"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", ImageNotFetchedError, "properly"),
    ],
)
def test_an_answer_that_is_no_image_says_so(web: Web, answer: Answer, error: type[DomainError], says: str) -> None:
    web.answers = [answer]

    with pytest.raises(error, match=says):
        download(web.https(), URL)


def test_an_image_of_the_largest_size_is_fetched(web: Web) -> None:
    web.answers = [ok(bytes(LARGEST_UPLOAD))]

    assert len(download(web.https(), URL)) == LARGEST_UPLOAD


def test_what_announces_more_than_the_largest_image_is_not_read(web: Web) -> None:
    web.answers = [ok(b"").replace(b"Content-Length: 0", b"Content-Length: 10000001")]

    with pytest.raises(ImageTooLargeError):
        download(web.https(), URL)


@pytest.mark.parametrize("framing", ["Connection: close", "Transfer-Encoding: chunked"])
def test_an_endless_answer_is_read_no_further_than_the_largest_image(web: Web, framing: str) -> None:
    sent = 0
    mebibyte = bytes(1 << 20)
    piece = b"100000\r\n" + mebibyte + b"\r\n" if framing.endswith("chunked") else mebibyte

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
        while True:
            yield piece
            sent += 1

    web.answers = [endless()]

    with pytest.raises(ImageTooLargeError):
        download(web.https(), URL)

    assert sent < 20


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"H",),
        (b"HTTP/1.1 100 Continue\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b""),
        (b"",),
    ],
    ids=["body", "chunks", "headers", "a header", "status", "interim answers", "stalled body", "silence"],
)
def test_a_server_that_drips_has_so_many_seconds_in_all(web: Web, pieces: tuple[bytes, ...]) -> None:
    web.answers = [web.dripping(*pieces)]
    began = time.monotonic()

    with pytest.raises(ImageNotFetchedError, match="in time"):
        download(web.https(), URL, seconds=0.4)

    assert 0.4 <= time.monotonic() - began < 2


def test_there_are_ten_seconds_unless_a_test_says_otherwise() -> None:
    assert inspect.signature(download).parameters["seconds"].default == LONGEST_DOWNLOAD == 10


def test_a_server_that_never_secures_the_connection_has_so_many_seconds(web: Web) -> None:
    ours, theirs = socket.socketpair()

    with theirs, pytest.raises(ImageNotFetchedError, match="in time"):
        download(web.https(connect=lambda *_: ours), URL, seconds=0.3)


def test_redirects_share_the_seconds(web: Web) -> None:

    def after_a_while() -> Iterator[bytes]:
        web.closing.wait(0.2)
        yield redirect("/again")

    web.answers = [after_a_while(), after_a_while(), after_a_while(), after_a_while()]

    with pytest.raises(ImageNotFetchedError, match="in time"):
        download(web.https(), URL, seconds=0.5)

    assert web.connections < 4


def test_a_look_up_that_never_ends_is_given_up(web: Web) -> None:
    def resolve(_: str) -> list[str]:
        web.closing.wait(5)
        return [SOMEWHERE]

    with pytest.raises(ImageNotFetchedError, match="looked up in time"):
        download(web.https(resolve=resolve), URL, seconds=0.2)

    assert web.connections == 0


@pytest.mark.parametrize("answer", [OSError("unknown"), UnicodeError("too long")])
def test_a_host_that_dns_does_not_know_is_said_so(web: Web, answer: Exception) -> None:
    def resolve(_: str) -> list[str]:
        raise answer

    with pytest.raises(ImageNotFetchedError, match="not known to DNS"):
        download(web.https(resolve=resolve), URL)


def test_a_host_without_addresses_is_said_so(web: Web) -> None:
    web.names[HOST] = [[]]

    with pytest.raises(ImageNotFetchedError, match="no address"):
        download(web.https(), URL)


def test_a_server_whose_certificate_nobody_vouches_for_is_sent_nothing() -> None:
    with Web(ok(b"a cat"), trusted=False).serving() as web:
        with pytest.raises(ImageNotFetchedError, match="certificate"):
            download(web.https(), URL)

        assert web.requests == []


def test_a_server_whose_certificate_is_for_another_host_is_sent_nothing(web: Web) -> None:
    with pytest.raises(ImageNotFetchedError, match="certificate"):
        download(web.https(), "https://other.example.com/cat.jpg")

    assert (web.connections, web.requests) == (1, [])


def test_in_a_function_the_authorities_of_browsers_are_trusted_and_names_are_checked() -> None:
    trust = PublicHttps()._trust

    assert trust.check_hostname
    assert trust.verify_mode.name == "CERT_REQUIRED"
    assert trust.get_ca_certs()
    assert (PublicHttps()._resolve, PublicHttps()._connect) == (public_https.resolve, public_https.connect)
