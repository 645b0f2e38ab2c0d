"""A folder of 200 photos, sent by a program that is killed: against a service that is played over real connections."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.project import PROJECT

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PHOTOS = 200
ENDING = b"cut out"


class Service(ThreadingHTTPServer):
    """Holds a batch's price once for each Idempotency-Key; a photo is cut out when it has arrived."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.guard = threading.Lock()
        self.batches: dict[str, list[str]] = {}
        self.arrived: Counter[str] = Counter()
        self.fetched: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def create(self, key: str, files: list[Any]) -> dict[str, Any]:
        with self.guard:
            jobs = self.batches.setdefault(key, [f"{key}-{number:03}" for number in range(len(files))])
        return {"batchId": key, "items": [self.job(job) for job in jobs]}

    def job(self, job: str) -> dict[str, Any]:
        if job in self.arrived:
            return {"jobId": job, "status": "completed", "credits": 3, "result": {"url": f"{self.url}/result/{job}"}}
        form = {"url": f"{self.url}/upload/{job}", "fields": {"key": job}}
        return {"jobId": job, "status": "awaiting_upload", "upload": form}


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        match self.path.split("/")[1:]:
            case ["upload", job]:
                self.server.arrived[job] += 1
                self._answer({})
            case [*_, "calculate"]:
                self._answer({"withSubscription": {"price": 510}})
            case _:
                self._answer(self.server.create(self.headers["Idempotency-Key"], json.loads(body)["files"]))

    def do_GET(self) -> None:
        what, name = self.path.partition("?")[0].rsplit("/", 2)[1:]
        match what:
            case "batch":
                self._answer({"items": [self.server.job(job) for job in self.server.batches[name]]})
            case "jobs":
                self._answer(self.server.job(name))
            case _:
                self.server.fetched[name] += 1
                self._send(name.encode() * 1000 + ENDING)

    def _answer(self, body: dict[str, Any]) -> None:
        self._send(json.dumps(body).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Preference-Applied", "wait=3")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        yield service
        service.shutdown()


def start(service: Service, home: Path, *arguments: object) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(PROJECT / "layers/command_line")}
    return subprocess.Popen(
        [sys.executable, "-m", "cutout", *map(str, arguments)],
        env=environment | {"CUTOUT_API": service.url, "CUTOUT_KEY": "brp_key"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_run_of_200_that_is_killed_again_and_again_orders_one_batch_and_saves_each_cut_out(
    service: Service, tmp_path: Path
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for number in range(PHOTOS):
        (photos / f"{number:03}.jpg").write_bytes(b"photo %d" % number)
    run = (photos, "-o", out)
    moments: tuple[Callable[[], bool], ...] = (
        lambda: (out / ".cutout.json").exists(),
        lambda: len(service.arrived) >= 50,
        lambda: len(service.fetched) >= 20,
        lambda: len(service.fetched) >= 120,
    )

    for moment in moments:
        with start(service, tmp_path, *run) as running:
            while not moment() and running.poll() is None:
                time.sleep(0.002)
            assert running.poll() is None, "it ended before it was killed"
            running.send_signal(signal.SIGKILL)
            running.communicate()
    saved_before = {file.name for file in out.glob("*.png")}
    with start(service, tmp_path, *run, "--json") as running:
        told, err = running.communicate()

    assert running.returncode == 0, err
    assert json.loads(told)["done"] == PHOTOS
    assert 0 < len(saved_before) < PHOTOS
    ((_, jobs),) = service.batches.items()
    assert len(jobs) == PHOTOS == len(service.arrived)
    assert sorted(file.name for file in out.iterdir()) == [f"{number:03}.png" for number in range(PHOTOS)]
    for number, job in enumerate(jobs):
        assert (out / f"{number:03}.png").read_bytes() == job.encode() * 1000 + ENDING
    # Only what was under way at a moment of death is done again.
    assert sum(service.fetched.values()) <= PHOTOS + 8 * len(moments)
    assert sum(service.arrived.values()) <= PHOTOS + 8 * len(moments)
