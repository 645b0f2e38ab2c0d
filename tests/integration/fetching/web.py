"""A small internet: names and addresses as a test wants them, all of which end at one TLS server on loopback."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache

import trustme

from background_remover.gateways.public_https import PublicHttps

SOMEWHERE = "93.184.215.14"
"""An address of an ordinary host."""

HOST = "images.example.com"
OTHER_HOST = "cdn.example.org"
IN_MUNICH = "xn--mnchen-3ya.example"

Answer = bytes | Iterable[bytes]


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def _certificate() -> trustme.LeafCert:
    return _authority().issue_cert(HOST, OTHER_HOST, IN_MUNICH)


def ok(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    announced = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
    return bool(end) and len(body) >= (int(announced[1]) if announced else 0)


class Web:
    """`names`: what each look-up of a name answers, the last of it for ever; other names are looked up as the system
    does it where they are an address in some notation, and else are `SOMEWHERE`.

    `answers` are the server's in turn, the last of them for ever. `connections` counts those that reached it, by
    whichever address; `called` has the addresses.
    """

    def __init__(self, *answers: Answer, trusted: bool = True) -> None:
        self.answers = list(answers)
        self.names: dict[str, list[list[str]]] = {}
        self.looked_up: list[str] = []
        self.called: list[str] = []
        self.connections = 0
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _certificate().configure_cert(self._tls)
        self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if trusted:
            _authority().configure_trust(self._trust)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)

    def https(
        self,
        *,
        resolve: Callable[[str], list[str]] | None = None,
        connect: Callable[[str, float], socket.socket] | None = None,
    ) -> PublicHttps:
        return PublicHttps(resolve=resolve or self.resolve, connect=connect or self.connect, trust=self._trust)

    def resolve(self, host: str) -> list[str]:
        self.looked_up.append(host)
        if answers := self.names.get(host):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(OSError):
            return [str(found[4][0]) for found in socket.getaddrinfo(host, 443, flags=socket.AI_NUMERICHOST)]
        return [SOMEWHERE]

    def connect(self, address: str, timeout: float) -> socket.socket:
        self.called.append(address)
        return socket.create_connection(self._listener.getsockname(), timeout)

    @contextmanager
    def serving(self) -> Iterator[Web]:
        acceptor = threading.Thread(target=self._accept)
        acceptor.start()
        try:
            yield self
        finally:
            self.closing.set()
            acceptor.join()
            self._listener.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError), connection, self._tls.wrap_socket(connection, server_side=True) as secured:
            request = b""
            while not _is_whole(request):
                if not (piece := secured.recv(65536)):
                    return
                request += piece
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            for piece in [answer] if isinstance(answer, bytes) else answer:
                secured.sendall(piece)
                if self.closing.is_set():
                    return

    def dripping(self, *pieces: bytes, seconds: float = 0.05) -> Iterator[bytes]:
        """The pieces, then the last one again and again, until the test is over."""
        yield from pieces
        while not self.closing.wait(seconds):
            yield pieces[-1]
