"""The calls a client of Hugging Face makes, as bare requests."""

import base64
import io
import time
from typing import Any

import requests
from PIL import Image

from tests.stack.hugging_face import HuggingFaceStandIn
from tests.stack.hugging_face.stand_in import TOKEN as TOKEN

SIZE = (60, 40)
ENDPOINT = "/models/briaai/RMBG-1.4"
SUBMIT = "/fal-ai/fal-ai/bria/background/remove"
QUEUE = {"_subdomain": "queue"}


def jpeg(size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def infer(
    hub: HuggingFaceStandIn, session: requests.Session, photo: bytes | None = None, **headers: str
) -> requests.Response:
    sent = {"Content-Type": "image/jpeg", "Accept": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return session.post(hub.url + ENDPOINT, data=photo or jpeg(), headers=sent, timeout=5)


def submit(hub: HuggingFaceStandIn, session: requests.Session, **payload: Any) -> requests.Response:
    image_url = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    body = {"image_url": image_url, "sync_mode": True} | payload
    return session.post(hub.url + SUBMIT, params=QUEUE, json=body, timeout=5)


def routed(hub: HuggingFaceStandIn, foreign_url: str) -> str:
    """The foreign URL's path behind the router's prefix of the provider, as Hugging Face's own client forms it."""
    return hub.url + "/fal-ai" + foreign_url.removeprefix("https://queue.fal.run")


def finished(hub: HuggingFaceStandIn, session: requests.Session, submitted: requests.Response) -> requests.Response:
    """Poll until the status is final and return the last poll."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        poll = session.get(routed(hub, submitted.json()["status_url"]), params=QUEUE, timeout=5)
        if not poll.ok or poll.json()["status"] not in ("IN_QUEUE", "IN_PROGRESS"):
            return poll
        time.sleep(0.005)
    raise AssertionError("The queue did not finish.")


def result(hub: HuggingFaceStandIn, session: requests.Session, submitted: requests.Response) -> requests.Response:
    return session.get(routed(hub, submitted.json()["response_url"]), params=QUEUE, timeout=5)


def cut_out_by_queue(hub: HuggingFaceStandIn, session: requests.Session) -> Any:
    submitted = submit(hub, session)
    finished(hub, session, submitted)
    return result(hub, session, submitted).json()


def picture(png: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(png))
    opened.load()
    return opened


def from_data_uri(uri: str) -> bytes:
    return base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
