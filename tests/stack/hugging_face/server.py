"""The HTTP side: one thread a connection, keep-alive, loopback only, and the faults of the connection itself."""

import contextlib
import http.server
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

from tests.stack.hugging_face.answers import Answer, error_answer
from tests.stack.hugging_face.faults import Fault

# (method, target, headers with lower-case names, body) → the answer, and the fault that its delivery meets
Respond = Callable[[str, str, Mapping[str, str], bytes], tuple[Answer, Fault | None]]


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, respond: Respond) -> None:
        super().__init__((host, port), RequestHandler)
        self.respond = respond
        self.closing = threading.Event()
        self.url = f"http://{host}:{self.server_address[1]}"
        self._connections: set[socket.socket] = set()

    def start(self) -> None:
        # shutdown() waits for one such interval.
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and every connection: idle keep-alive ones too, and those in the middle of a fault."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            # Wakes the thread that reads from it, which then closes it.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is what many tests are about.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class RequestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._exchange()

    def do_POST(self) -> None:
        self._exchange()

    def do_DELETE(self) -> None:
        self._exchange()

    def _exchange(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(error_answer(411, "Length Required"))
            return
        # The body is read whatever comes of it: what is left of it would be taken for the next request.
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer, fault = self._server.respond(self.command, self.path, headers, body)
        match fault.kind if fault else None:
            case "connection_reset":
                self._reset()
            case "time_out":
                self._server.closing.wait(cast("Fault", fault).seconds)
                self.close_connection = True
            case "drip":
                self._drip(answer, cast("Fault", fault).interval)
            case "truncated_body":
                self._send_head(answer)
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
            case _:
                self._send(answer)

    @property
    def _server(self) -> Server:
        return cast("Server", self.server)

    def _send(self, answer: Answer) -> None:
        self._send_head(answer)
        self.wfile.write(answer.body)

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _reset(self) -> None:
        # With a linger time of zero, closing sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
        self.close_connection = True

    def _drip(self, answer: Answer, interval: float) -> None:
        self._send_head(answer)
        for byte in answer.body:
            self.wfile.write(bytes((byte,)))
            if self._server.closing.wait(interval):
                break
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests read `requests` instead."""
