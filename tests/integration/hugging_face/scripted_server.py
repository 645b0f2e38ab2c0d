"""A server on loopback that answers as it is told, for what the stand-in of Hugging Face would never answer."""

import http.server
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Scripted:
    """`length` is announced for a body in pieces; None: the connection's end is the body's."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


class ScriptedServer:
    """Plays the answers in turn, the last of them for ever."""

    def __init__(self, *answers: Scripted) -> None:
        self.answers = list(answers)
        self.received: list[tuple[str, Message]] = []
        """path and headers of every request"""
        self.connections = 0
        self.bytes_sent = 0
        self.closing = threading.Event()
        script = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                script.connections += 1

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                script.received.append((self.path, self.headers))
                answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                self.send_response_only(answer.status)
                pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
                length = len(answer.body) if isinstance(answer.body, bytes) else answer.length
                framing = {"Connection": "close"} if length is None else {"Content-Length": str(length)}
                for name, value in {**framing, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        script.bytes_sent += len(piece)
                except OSError:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["ScriptedServer"]:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
