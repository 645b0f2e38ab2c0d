"""Users who send their photos whatever happens, as programs do: again after a failure, with the same key."""

from __future__ import annotations

import io
import random
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from PIL import Image

if TYPE_CHECKING:
    from tests.chaos.script import Order
    from tests.stack.local_stack import LocalStack, User

TRIES = 10
LONGEST_PAUSE = 3.0
"""Seconds between two tries."""

NO_PHOTO = b"no photo"


@dataclass(slots=True)
class Told:
    """What the API answered, and what it took on."""

    answers: Counter[str] = field(default_factory=Counter)
    jobs: set[tuple[str, str]] = field(default_factory=set)
    batches: set[tuple[str, str]] = field(default_factory=set)
    given_up: int = 0
    unexpected: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Customers:
    def __init__(self, stack: LocalStack, users: list[User], seed: int) -> None:
        self._stack = stack
        self._users = users
        self._routes = f"{stack.api_url}/api/background-remover"
        self._s3 = stack.emulator.client("s3")
        self._chance = random.Random(seed)
        self._leave = threading.Event()
        self.told = Told()

    def close(self) -> None:
        """Nothing more is ordered, or tried again."""
        self._leave.set()

    def carry_out(self, order: Order) -> None:
        user = self._users[order.user]
        if self._leave.is_set():
            return
        match order.kind:
            case "batch of uploads":
                self._batch_of_uploads(user, order)
            case "inline batch":
                files = [("images", (f"{number}.png", content)) for number, content in enumerate(self._photos(order))]
                self._batch(user, data={"tier": order.tier}, files=files)
            case "upload":
                job = self._ask(user, "uploads", json={"tier": order.tier, "contentType": "image/png"})
                if job:
                    self._upload(job, self._photos(order)[0])
            case "later":
                self._remove(user, order, {"Prefer": "respond-async"})
            case "at once":
                self._remove(user, order, {})
            case "dropbox":
                key = f"dropbox/{user.user_id}/{order.tier}/{secrets.token_hex(8)}.png"
                self._s3.put_object(Bucket=self._stack.outputs["BucketName"], Key=key, Body=self._photos(order)[0])

    def _batch_of_uploads(self, user: User, order: Order) -> None:
        photos = self._photos(order)
        files = [
            {"fileName": f"{number}.png", "contentType": "image/png", "size": len(content)}
            for number, content in enumerate(photos)
        ]
        batch = self._batch(user, json={"tier": order.tier, "files": files})
        if not batch:
            return
        for item, content in list(zip(batch["items"], photos, strict=True))[order.unsent :]:
            self._upload(item, content)
        if order.is_cancelled:
            self._ask(user, f"batch/{batch['batchId']}/cancel")

    def _remove(self, user: User, order: Order, headers: dict[str, str]) -> None:
        photo = ("photo.png", self._photos(order)[0])
        self._ask(user, "remove", headers=headers, data={"tier": order.tier}, files={"image": photo})

    def _batch(self, user: User, **request: Any) -> dict[str, Any] | None:
        batch = self._ask(user, "batch", **request)
        if batch:
            with self.told.lock:
                self.told.batches.add((user.user_id, batch["batchId"]))
        return batch

    def _ask(
        self, user: User, path: str, *, headers: dict[str, str] | None = None, **request: Any
    ) -> dict[str, Any] | None:
        """The answer's JSON; None where nothing came of it."""
        wanted = {"Authorization": f"Bearer {user.token}", "Idempotency-Key": secrets.token_hex(8), **(headers or {})}
        for _ in range(TRIES):
            try:
                answer = requests.post(f"{self._routes}/{path}", headers=wanted, timeout=60, **request)
            except requests.RequestException as error:
                self._note(path, type(error).__name__)
            else:
                body = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
                self._note(path, str(answer.status_code))
                if job_id := body.get("jobId"):
                    with self.told.lock:
                        self.told.jobs.add((user.user_id, job_id))
                if answer.ok:
                    return dict(body)
                if job_id or body.get("code") == "batch_ended":
                    return None
                if answer.status_code < 500 and answer.status_code != 429:
                    self.told.unexpected.append(f"{path}: {answer.status_code} {answer.text[:300]}")
                    return None
            if self._leave.wait(self._pause()):
                return None
        with self.told.lock:
            self.told.given_up += 1
        return None

    def _upload(self, item: dict[str, Any], content: bytes) -> None:
        form = item["upload"]
        for _ in range(TRIES):
            try:
                answer = requests.post(form["url"], data=form["fields"], files={"file": content}, timeout=60)
            except requests.RequestException:
                continue
            self._note("file", str(answer.status_code))
            if answer.ok or self._leave.wait(self._pause()):
                return

    def _photos(self, order: Order) -> list[bytes]:
        """No two alike."""
        with self.told.lock:
            colours = [self._chance.randbytes(3) for _ in range(order.images)]
        photos = [_photo(colour) for colour in colours]
        photos[order.images - order.broken :] = [NO_PHOTO] * order.broken
        return photos

    def _pause(self) -> float:
        with self.told.lock:
            return self._chance.uniform(0.2, LONGEST_PAUSE)

    def _note(self, path: str, outcome: str) -> None:
        with self.told.lock:
            self.told.answers[f"{path.partition('/')[0]}: {outcome}"] += 1


def _photo(colour: bytes) -> bytes:
    image = Image.new("RGB", (48, 36), (colour[0], colour[1], colour[2]))
    image.paste((colour[2], colour[0], colour[1]), (12, 8, 36, 28))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
