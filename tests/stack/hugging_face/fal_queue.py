"""fal's queue as Hugging Face's router passes it on: submit, poll, fetch the result.

https://docs.fal.ai/model-endpoints/queue describes it; huggingface_hub's `inference/_providers/fal_ai.py` is the client
it is modelled after. Finished results are kept for the latest requests only.
"""

import base64
import binascii
import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.stack.hugging_face.answers import Answer, altered, cut_out, error_answer, json_answer
from tests.stack.hugging_face.faults import Fault

DATA_URI = re.compile(r"data:image/(jpeg|png|webp);base64,(?P<content>.+)", re.DOTALL)
KEPT = 512


class InvalidPhotoError(ValueError):
    """What was sent is not a picture that can be decoded."""


@dataclass(frozen=True)
class Failure:
    detail: str
    error_type: str
    status: int

    def answer(self) -> Answer:
        # https://docs.fal.ai/documentation/model-apis/request-errors; validation errors are a list of details instead.
        if self.status == 422:
            error = {"loc": ["body", "image_url"], "msg": self.detail, "type": self.error_type}
            return json_answer({"detail": [error]}, 422)
        body = {"detail": self.detail, "error_type": self.error_type}
        return json_answer(body, self.status, {"X-Fal-Error-Type": self.error_type})


NO_PHOTO = Failure("Field required", "missing", 422)
BROKEN_PHOTO = Failure("Failed to load the image", "image_load_error", 422)
RUNNER_LOST = Failure("Runner disconnected unexpectedly", "runner_disconnected", 503)


@dataclass
class QueuedPhoto:
    photo: bytes
    as_data_uri: bool
    status: str = "IN_QUEUE"
    final_status: str = "COMPLETED"
    failure: Failure | None = None
    matte: Image.Image | None = None
    png: bytes = b""


class FalQueue:
    def __init__(self, infer: Callable[[bytes], Image.Image]) -> None:
        self._infer = infer
        self._photos: dict[str, QueuedPhoto] = {}
        self._lock = threading.Lock()

    def submit(self, app: str, body: bytes, fault: Fault | None) -> tuple[Answer, bytes]:
        """Start the inference; return the answer and the photo (empty when the body holds none)."""
        try:
            payload = json.loads(body)
            photo = _photo_in(payload)
        except ValueError:
            return NO_PHOTO.answer(), b""
        queued = QueuedPhoto(photo, as_data_uri=payload.get("sync_mode") is True)
        if fault and fault.kind == "fal_failed":
            queued.final_status = fault.state
            queued.failure = RUNNER_LOST
        request_id = str(uuid.uuid4())
        with self._lock:
            self._photos[request_id] = queued
            for oldest in list(self._photos)[:-KEPT]:
                del self._photos[oldest]
        threading.Thread(target=self._run, args=(queued,), daemon=True).start()
        # The path names the app without its sub-path and the host is fal's, as in the real answers:
        # whoever holds only a Hugging Face token reaches it through the router.
        url = f"https://queue.fal.run/{app}/requests/{request_id}"
        urls = {"response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}
        return json_answer({"request_id": request_id, "status": "IN_QUEUE", "queue_position": 0, **urls}), photo

    def _run(self, queued: QueuedPhoto) -> None:
        queued.status = "IN_PROGRESS"
        if queued.failure is None:
            try:
                queued.matte = self._infer(queued.photo)
                queued.png = cut_out(queued.photo, queued.matte)
            except InvalidPhotoError:
                queued.failure = BROKEN_PHOTO
        queued.status = queued.final_status

    def poll(self, request_id: str) -> Answer:
        queued = self._photos.get(request_id)
        if queued is None:
            return error_answer(404, "Request not found")
        status: dict[str, Any] = {"request_id": request_id, "status": queued.status}
        if queued.status == "IN_QUEUE":
            status["queue_position"] = 0
        elif queued.failure and queued.status == queued.final_status:
            status |= {"error": queued.failure.detail, "error_type": queued.failure.error_type}
        return json_answer(status)

    def result(self, request_id: str, fault: Fault | None, files_url: str) -> Answer:
        queued = self._photos.get(request_id)
        if queued is None:
            return error_answer(404, "Request not found")
        if queued.status != queued.final_status:
            return json_answer({"detail": "Request is still in progress"}, 400)
        if queued.matte is None:
            return (queued.failure or RUNNER_LOST).answer()
        kind = fault.kind if fault else None
        encoded = base64.b64encode(altered(queued.png, queued.photo, queued.matte, kind)).decode()
        url = f"data:image/png;base64,{'not base64!' if kind == 'not_base64' else encoded}"
        if fault and kind == "image_url":
            url = fault.url or f"{files_url}/{request_id}.png"
        elif not queued.as_data_uri:
            url = f"{files_url}/{request_id}.png"
        if kind == "bare_string":
            return json_answer(url)
        width, height = queued.matte.size
        image = {"url": url, "content_type": "image/png", "width": width, "height": height}
        return json_answer({"image": image})

    def file(self, request_id: str, fault: Fault | None) -> Answer:
        queued = self._photos.get(request_id)
        if queued is None or queued.matte is None:
            return error_answer(404, "Not Found")
        png = altered(queued.png, queued.photo, queued.matte, fault.kind if fault else None)
        return Answer(200, "image/png", png)


def _photo_in(payload: Any) -> bytes:
    uri = payload.get("image_url") if isinstance(payload, dict) else None
    match = DATA_URI.fullmatch(uri) if isinstance(uri, str) else None
    if match is None:
        raise InvalidPhotoError("no data URI of an image")
    try:
        return base64.b64decode(match["content"], validate=True)
    except binascii.Error as error:
        raise InvalidPhotoError("not base64") from error
