"""A batch of 500 through the local stack, Hugging Face answering after a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.stack.local_stack import LocalStack, User

WORKER = "ProcessImageFunction"
IMAGES = 500
NOISY_IMAGES = 400
LATENCY = 0.3
WORKERS = 2
INFERENCES_AT_ONCE = 2
PARAMETERS = {"SignupCredits": "100000", "InferencesAtOnce": str(INFERENCES_AT_ONCE)}
UPLOADS_AT_ONCE = 4
PATIENCE_SECONDS = 300.0
ALONE = 3
POLL_SECONDS = 0.1


class BenchError(Exception):
    """The batch did not end as it must, so that there is nothing to measure."""


def measure(folder: Path, source: Path) -> dict[str, Figure]:
    photo = small_jpeg(source)
    with LocalStack.start(folder, parameters=PARAMETERS, real_model=False) as stack:
        stack.hugging_face.set_latency(LATENCY)
        stack.limit_concurrency(WORKER, WORKERS)
        tenant = Tenant(stack, "large@example.com")
        tenant.run_batch(10, photo)  # Cold starts.
        stack.hugging_face.forget_requests()
        seconds = tenant.run_batch_when_all_is_uploaded(IMAGES, photo)
        asked = len(stack.hugging_face.requests)
        if asked != IMAGES:
            raise BenchError(f"Hugging Face was asked {asked} times for {IMAGES} images")
        ideal = IMAGES * LATENCY / (WORKERS * INFERENCES_AT_ONCE)
        # As deployed: a worker takes no more messages than it asks Hugging Face about at once.
        stack.limit_messages(WORKER, INFERENCES_AT_ONCE)
        small = Tenant(stack, "small@example.com")
        small.seconds_for_one(photo)
        alone = [small.seconds_for_one(photo) for _ in range(ALONE)]
        with stack.paused(WORKER):
            noisy = tenant.upload_batch(NOISY_IMAGES, photo)
            _await_queued(stack, NOISY_IMAGES)
        _await(lambda: tenant.get(f"batch/{noisy}", limit=1)["counts"]["completed"] or None)
        beside = [small.seconds_for_one(photo) for _ in range(ALONE)]
        if tenant.get(f"batch/{noisy}")["percent"] == 100:
            raise BenchError("the large batch was over before the small tenant was")
    return {
        "batch_images_per_second": figure([IMAGES / seconds], "1/s"),
        "batch_wall_over_ideal": figure([seconds / ideal], "ratio"),
        "small_tenant_wait_ratio": figure([each / other for each, other in zip(beside, alone, strict=True)], "ratio"),
    }


class Tenant:
    def __init__(self, stack: LocalStack, email: str) -> None:
        self._stack = stack
        user: User = stack.sign_up(email)
        self._routes = f"{stack.api_url}/api/background-remover"
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {user.token}"

    def get(self, path: str, **query: int) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(f"{self._routes}/{path}", params=query, timeout=30).json()
        return body

    def seconds_for_one(self, photo: bytes) -> float:
        """From the upload of one image to its result."""
        asked = {"tier": "basic", "contentType": "image/jpeg"}
        job = self._http.post(f"{self._routes}/uploads", json=asked, timeout=30).json()
        started = time.perf_counter()
        _upload(job, photo)
        _await(lambda: self.get(f"jobs/{job['jobId']}")["status"] == "completed" or None)
        return time.perf_counter() - started

    def run_batch(self, images: int, photo: bytes) -> None:
        self._await_delivery(self.upload_batch(images, photo), images)

    def run_batch_when_all_is_uploaded(self, images: int, photo: bytes) -> float:
        """Seconds from a full queue to the last image."""
        with self._stack.paused(WORKER):
            batch_id = self.upload_batch(images, photo)
            _await_queued(self._stack, images)
        started = time.perf_counter()
        self._await_delivery(batch_id, images)
        return time.perf_counter() - started

    def upload_batch(self, images: int, photo: bytes) -> str:
        file = {"contentType": "image/jpeg", "size": len(photo)}
        manifest = {"tier": "basic", "files": [{"fileName": f"{number}.jpg", **file} for number in range(images)]}
        batch = self._http.post(f"{self._routes}/batch", json=manifest, timeout=60).json()
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
            list(threads.map(lambda item: _upload(item, photo), batch["items"]))
        return str(batch["batchId"])

    def _await_delivery(self, batch_id: str, images: int) -> None:
        def delivered() -> dict[str, Any] | None:
            batch = self.get(f"batch/{batch_id}", limit=1)
            return batch if not batch["counts"]["open"] else None

        batch = _await(delivered)
        credits = batch["credits"]
        if (batch["counts"]["completed"], credits["charged"], credits["held"]) != (images, credits["price"], 0):
            raise BenchError(f"the batch did not end as it must: {batch}")


def _upload(item: dict[str, Any], photo: bytes) -> None:
    form = item["upload"]
    requests.post(form["url"], data=form["fields"], files={"file": photo}, timeout=60).raise_for_status()


def _await[Answer](ask: Callable[[], Answer | None]) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (answer := ask()) is not None:
            return answer
        time.sleep(POLL_SECONDS)
    raise BenchError("nothing came of it")


def _await_queued(stack: LocalStack, messages: int) -> None:
    sqs, url = stack.emulator.client("sqs"), stack.outputs["JobQueueUrl"]
    name = "ApproximateNumberOfMessages"

    def are_queued() -> bool | None:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        return int(attributes[name]) >= messages or None

    _await(are_queued)
