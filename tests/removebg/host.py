"""api.remove.bg, as a user may redirect it: a proxy that clients are told of, with a certificate that they trust.

What they send to that host ends here and goes on to the stack's own address, byte for byte.
"""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import requests
import trustme

HOST = "api.remove.bg"
_OF_THE_CONNECTION = {"connection", "host", "transfer-encoding", "content-length", "accept-encoding"}
_ANSWERS_OWN = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


class ApiRemoveBg:
    """`address` is where the stack is. `environment` is what a client's process needs."""

    def __init__(self, address: str, folder: Path) -> None:
        authority = trustme.CA()
        certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST).configure_cert(certificates)
        trusted = folder / "authority.pem"
        authority.cert_pem.write_to_path(trusted)

        class Handler(_Handler):
            tls, stack = certificates, address

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.environment = {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._server.server_port}",
            "REQUESTS_CA_BUNDLE": str(trusted),
            "NODE_EXTRA_CA_CERTS": str(trusted),
            # By itself only some of its libraries look at the variable above: https://nodejs.org/api/cli.html
            "NODE_USE_ENV_PROXY": "1",
        }

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tls: ssl.SSLContext
    stack: str

    def do_CONNECT(self) -> None:
        if self.path != f"{HOST}:443":
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.close_connection = False

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_POST(self) -> None:
        self._hand_on(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _hand_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        answer = requests.request(
            self.command, urljoin(self.stack, self.path), headers=headers, data=body, allow_redirects=False, timeout=60
        )
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in _ANSWERS_OWN:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
