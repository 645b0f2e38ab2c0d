"""A user of the local stack who uploads batches and waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.stack.local_stack import LocalStack, User

WORKER = "ProcessImageFunction"
UPLOADS_AT_ONCE = 4
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.1


class BenchError(Exception):
    """The batch did not end as it must, so that there is nothing to measure."""


def rich_user(stack: LocalStack, email: str) -> User:
    """Signed up, with credits for anything."""
    user = stack.sign_up(email)
    stack.operate("grant", "--user", user.user_id, "--credits", "100000")
    return user


class Tenant:
    def __init__(self, stack: LocalStack, email: str) -> None:
        self._stack = stack
        user = rich_user(stack, email)
        self._routes = f"{stack.api_url}/api/background-remover"
        self._http = requests.Session()
        # The photos of a tenant are all the same, and each shall be worked on.
        self._http.headers.update({"Authorization": f"Bearer {user.token}", "Cache-Control": "no-cache"})

    def get(self, path: str, **query: int) -> dict[str, Any]:
        body: dict[str, Any] = self._http.get(f"{self._routes}/{path}", params=query, timeout=30).json()
        return body

    def seconds_for_one(self, photo: bytes) -> float:
        """From the upload of one image to its result."""
        asked = {"tier": "basic", "contentType": "image/jpeg"}
        job = self._http.post(f"{self._routes}/uploads", json=asked, timeout=30).json()
        started = time.perf_counter()
        _upload(job, photo)
        await_answer(lambda: self.get(f"jobs/{job['jobId']}")["status"] == "completed" or None)
        return time.perf_counter() - started

    def run_batch(self, images: int, photo: bytes) -> str:
        """The batch's id, once all of it is delivered and its price charged."""
        batch_id = self.upload_batch(images, photo)
        self._await_delivery(batch_id, images)
        return batch_id

    def run_batch_when_all_is_uploaded(self, images: int, photo: bytes) -> float:
        """Seconds from a full queue to the last image."""
        with self._stack.paused(WORKER):
            batch_id = self.upload_batch(images, photo)
            await_queued(self._stack, images)
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

    def await_zip(self, batch_id: str) -> None:
        await_answer(lambda: self.get(f"batch/{batch_id}", limit=1)["zipReady"] or None)

    def _await_delivery(self, batch_id: str, images: int) -> None:
        def delivered() -> dict[str, Any] | None:
            batch = self.get(f"batch/{batch_id}", limit=1)
            return batch if not batch["counts"]["open"] else None

        batch = await_answer(delivered)
        credits = batch["credits"]
        if (batch["counts"]["completed"], credits["charged"], credits["held"]) != (images, credits["price"], 0):
            raise BenchError(f"the batch did not end as it must: {batch}")


def _upload(item: dict[str, Any], photo: bytes) -> None:
    form = item["upload"]
    requests.post(form["url"], data=form["fields"], files={"file": photo}, timeout=60).raise_for_status()


def await_answer[Answer](ask: Callable[[], Answer | None]) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (answer := ask()) is not None:
            return answer
        time.sleep(POLL_SECONDS)
    raise BenchError("nothing came of it")


def await_queued(stack: LocalStack, messages: int) -> None:
    sqs, url = stack.emulator.client("sqs"), stack.outputs["JobQueueUrl"]
    name = "ApproximateNumberOfMessages"

    def are_queued() -> bool | None:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        return int(attributes[name]) >= messages or None

    await_answer(are_queued)
