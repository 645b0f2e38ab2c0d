"""A signed-in user of the running stack, and what it owns there."""

from __future__ import annotations

import io
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from PIL import Image

from tests.documented import assert_documented, route_of

if TYPE_CHECKING:
    from tests.stack.local_stack import LocalStack

PATIENCE_SECONDS = 75.0
"""A job that is put back twice may wait for half a minute, and a processor that others use takes its time."""


class Caller:
    """Every answer to `http` is held against the OpenAPI document."""

    def __init__(self, stack: LocalStack, email: str) -> None:
        self._stack = stack
        self.user = stack.sign_up(email)
        self.api_url = stack.api_url
        self.routes = f"{self.api_url}/api/background-remover"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {self.user.token}"
        self.http.hooks["response"].append(self._hold_to_the_document)

    def remove(self, image: bytes | None = None, *, headers: dict[str, str] | None = None, **fields: str) -> Any:
        """`POST /remove` as a form; the tier is basic unless it is given."""
        files = {"image": ("photo.png", photo() if image is None else image)}
        return self.http.post(
            f"{self.routes}/remove", files=files, data={"tier": "basic", **fields}, headers=headers, timeout=60
        )

    def _hold_to_the_document(self, answer: requests.Response, **_: object) -> None:
        path = urlsplit(answer.url).path.removeprefix(urlsplit(self.api_url).path)
        if route := route_of(str(answer.request.method), path):
            assert_documented(route, answer)

    def get(self, path: str, **query: str | int) -> Any:
        return self.http.get(f"{self.routes}/{path}", params=query, timeout=30)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(f"{self.routes}/{path}", json=body, timeout=30)

    def pay(self, *bought: str) -> str:
        """Sends the event of a payment as an operator does; returns the payment's id."""
        payment_id = f"pay_{secrets.token_hex(4)}"
        self._stack.operate("pay", "--user", self.user.user_id, "--payment", payment_id, *bought)
        return payment_id

    def subscribe(self, plan: str, payment_id: str) -> Any:
        """The answer, once the payment has been told of."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.post("subscription", {"plan": plan, "paymentId": payment_id})
            if answer.json().get("code") != "payment_not_found":
                return answer
            time.sleep(0.2)
        raise AssertionError("the payment is not known")

    def delete(self, path: str) -> Any:
        return self.http.delete(f"{self.routes}/{path}", timeout=30)

    def balance(self) -> tuple[int, int]:
        """Available and held credits; asserts that the ledger adds up to them."""
        body = self.get("credits", limit=100).json()
        available, held = body["available"], body["held"]
        ledger = body["ledger"]
        assert body["nextCursor"] is None
        assert (sum(entry["available"] for entry in ledger), sum(entry["held"] for entry in ledger)) == (
            available,
            held,
        )
        return available, held

    def outcome(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            job: dict[str, Any] = self.get(f"jobs/{job_id}").json()
            if job["status"] not in ("awaiting_upload", "queued", "processing"):
                return job
            time.sleep(0.2)
        raise AssertionError(f"the job has not ended: {job}")

    def batch_outcome(self, batch_id: str) -> dict[str, Any]:
        """The batch once nothing is left to happen: its ZIP is there, or none of its images was delivered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            batch: dict[str, Any] = self.get(f"batch/{batch_id}").json()
            if batch["zipReady"] or (not batch["counts"]["open"] and not batch["counts"]["completed"]):
                return batch
            time.sleep(0.2)
        raise AssertionError(f"the batch is not over: {batch}")

    def files(self) -> list[str]:
        """The keys of everything that the bucket holds of this user."""
        s3, bucket = self._stack.emulator.client("s3"), self._stack.outputs["BucketName"]
        folders = ("inputs", "dropbox", "results", "mattes", "thumbnails", "renders", "zips")
        pages = [s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/{self.user.user_id}/") for folder in folders]
        return [each["Key"] for page in pages for each in page.get("Contents", [])]


def photo(width: int = 64, height: int = 48, kind: str = "PNG") -> bytes:
    image = Image.linear_gradient("L").resize((width, height))
    buffer = io.BytesIO()
    Image.merge("RGB", (image, image.rotate(180), image)).save(buffer, kind)
    return buffer.getvalue()
