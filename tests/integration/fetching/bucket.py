"""As much of S3 as a presigned PUT meets, on loopback."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bucket(http.server.ThreadingHTTPServer):
    """Takes what is put, or answers with another `status`. `stored`: types and contents by path and query."""

    def __init__(self) -> None:
        self.status = 200
        self.stored: dict[str, tuple[str, bytes]] = {}
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                bucket.stored[self.path] = (self.headers["Content-Type"], content)
                self.send_response_only(bucket.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self.link = f"{self.origin}/inputs/anna/1?X-Amz-Signature=3f9c"

    @contextmanager
    def serving(self) -> Iterator[Bucket]:
        with self:
            threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
            yield self
            self.shutdown()
