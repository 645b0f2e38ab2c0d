"""HTTPS to a host that somebody else named: to public addresses only, connected to as they were resolved.

Python's own client: it knows no proxies, cookies, redirects or `.netrc`, and leaves it to us whom it connects to.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import certifi

from background_remover.domain.public_url import PORT, AddressRefusedError, PublicUrl
from background_remover.gateways.public_address import is_public

if TYPE_CHECKING:
    from collections.abc import Buffer

CONNECT_SECONDS = 3.0
"""For each of a host's addresses."""

USER_AGENT = "BackgroundRemoverPro/1.0 (called for one of its users)"


class UnansweredError(Exception):
    """The host did not answer, or with no HTTP; the text says what went wrong."""


def resolve(host: str) -> list[str]:
    """The host's addresses. Raises `OSError`."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def connect(address: str, timeout: float) -> socket.socket:
    return socket.create_connection((address, PORT), timeout)


class PublicHttps:
    """`resolve` and `connect` are replaced by tests only: what was resolved is checked whoever resolved it.

    Safe to share between threads.
    """

    clock = staticmethod(time.monotonic)
    """In seconds; deadlines are instants of it."""

    def __init__(
        self,
        *,
        resolve: Callable[[str], list[str]] = resolve,
        connect: Callable[[str, float], socket.socket] = connect,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._resolve = resolve
        self._connect = connect
        self._trust = trust or ssl.create_default_context(cafile=certifi.where())

    @contextmanager
    def exchange(
        self,
        method: str,
        url: PublicUrl,
        *,
        deadline: float,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer, whatever its status, to be read within the block. Every read of it ends at the deadline.

        Raises `AddressRefusedError`, then nobody was connected to, and `UnansweredError`, from within the block too.
        """
        addresses = self._public_addresses(url.host, deadline)
        connection = http.client.HTTPSConnection(url.host, PORT, context=self._trust)
        try:
            with self._secured(url.host, addresses, deadline) as secured:
                connection.sock = _HurriedSocket(secured, lambda: self._left(deadline))
                connection.request(
                    method,
                    url.target,
                    body,
                    {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": USER_AGENT, **headers},
                )
                with connection.getresponse() as response:
                    yield response
        except AddressRefusedError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise UnansweredError(
                f"has no certificate that we trust ({error.verify_message.partition(',')[0]})"
            ) from error
        except TimeoutError as error:
            raise UnansweredError("does not answer in time") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise UnansweredError(f"does not answer properly ({type(error).__name__})") from error

    def _public_addresses(self, host: str, deadline: float) -> list[str]:
        """All of them: a host that has others as well is none to trust."""
        addresses = self._resolved(host, deadline)
        if not addresses:
            raise UnansweredError("has no address")
        if not all(map(is_public, addresses)):
            raise AddressRefusedError("has a host that is not on the public internet")
        return addresses

    def _resolved(self, host: str, deadline: float) -> list[str]:
        """In a thread, as nothing else ends a look-up that takes too long."""
        outcome: SimpleQueue[list[str] | Exception] = SimpleQueue()

        def look_up() -> None:
            try:
                outcome.put(self._resolve(host))
            except Exception as error:
                outcome.put(error)

        threading.Thread(target=look_up, daemon=True).start()
        try:
            found = outcome.get(timeout=max(0.0, deadline - self.clock()))
        except Empty:
            raise UnansweredError("cannot be looked up in time") from None
        if isinstance(found, Exception):
            raise UnansweredError("is not known to DNS") from found
        return found

    def _secured(self, host: str, addresses: list[str], deadline: float) -> ssl.SSLSocket:
        failure: OSError | None = None
        for address in addresses:
            try:
                plain = self._connect(address, min(CONNECT_SECONDS, self._left(deadline)))
            except OSError as error:
                failure = error
                continue
            try:
                plain.settimeout(self._left(deadline))
                return self._trust.wrap_socket(plain, server_hostname=host)
            except BaseException:
                plain.close()
                raise
        raise failure or OSError("no address")

    def _left(self, deadline: float) -> float:
        """Raises `TimeoutError`."""
        if (left := deadline - self.clock()) <= 0:
            raise TimeoutError
        return left


class _HurriedSocket:
    """As much of a socket as http.client uses. Before each read or write it allows for no more than the time that is
    left: a socket's own time-out would begin anew with every byte."""

    def __init__(self, secured: ssl.SSLSocket, left: Callable[[], float]) -> None:
        self._secured = secured
        self._left = left

    def sendall(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            self._secured.settimeout(self._left())
            view = view[self._secured.send(view) :]

    def recv_into(self, buffer: Buffer) -> int:
        self._secured.settimeout(self._left())
        return self._secured.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        """Not yet: http.client closes before it has read the body. Who opened the socket closes it."""


class _Received(io.RawIOBase):
    def __init__(self, connection: _HurriedSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.recv_into(buffer)
