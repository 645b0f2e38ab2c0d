"""Images by URL from the request to the cut-out, fetched over TLS by the code of the function that goes out."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.jobs import JobStatus
from background_remover.gateways.object_store import result_key
from tests.contract import removebg
from tests.contract.deployment import SIGNUP_CREDITS, USER, Deployment, event, message
from tests.contract.internet import internet
from tests.contract.removebg import Answered, photo
from tests.integration.fetching.web import HOST, OTHER_HOST, SOMEWHERE, Web, ok, redirect

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

URL = f"https://{HOST}/a%20cat.png?key=secret"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def asked(body: dict[str, Any], *, route: str = "remove") -> dict[str, Any]:
    request = event(route) | {"isBase64Encoded": True, "body": removebg.encoded(json.dumps(body).encode())}
    request["headers"] |= {"Content-Type": "application/json"}
    return request


def named(value: object) -> str:
    """Of a case; by itself pytest would name it by all bytes of its file."""
    return value if isinstance(value, str) else type(value).__name__


def available(deployment: Deployment) -> int:
    balance = deployment.ledger.existing_balance(USER)
    assert balance
    return balance.available


def test_an_image_is_fetched_cut_out_and_delivered(deployment: Deployment) -> None:
    web = Web(redirect(f"https://{OTHER_HOST}/cat.png"), ok(photo(), "Content-Type: text/plain"))
    with internet(deployment, web) as orders:
        answer = deployment.invoke("RemoveFunction", asked({"imageUrl": URL, "tier": "standard"}))

    job = json.loads(answer["body"])
    assert (answer["statusCode"], job["status"], job["fileName"]) == (200, "completed", "a cat.png")
    cut_out = deployment.objects.get(result_key(deployment.jobs.get(USER, job["jobId"])))
    assert cut_out
    image = Image.open(io.BytesIO(cut_out))
    assert (image.mode, image.size) == ("RGBA", (64, 48))
    assert {0, 255} <= set(np.asarray(image)[:, :, 3].flat)
    assert [order["url"] for order in orders] == [URL]
    assert (web.looked_up, web.called) == ([HOST, OTHER_HOST], [SOMEWHERE, SOMEWHERE])
    assert available(deployment) == SIGNUP_CREDITS - 8


def test_images_of_a_batch_are_fetched_by_the_worker(deployment: Deployment) -> None:
    web = Web(ok(photo()))
    with internet(deployment, web):
        files = [{"imageUrl": URL}]
        created = deployment.invoke("BatchFunction", asked({"tier": "standard", "files": files}, route="batch"))
        assert created["statusCode"] == 201, created["body"]
        (item,) = json.loads(created["body"])["items"]
        assert deployment.invoke(
            "ProcessImageFunction", message("process_image", deployment.jobs.get(USER, item["jobId"]))
        )

    assert deployment.jobs.get(USER, item["jobId"]).status is JobStatus.COMPLETED
    assert web.connections == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NOT_FOUND, "image_not_fetched"),
        (redirect("https://169.254.169.254/latest/meta-data/"), "image_url_refused"),
        (ok(bytes(10_000_001)), "image_too_large"),
        (ok(b"<html>a cat</html>"), "not_an_image"),
    ],
    ids=named,
)
def test_what_is_no_image_is_a_problem_and_costs_nothing(deployment: Deployment, answer: bytes, code: str) -> None:
    with internet(deployment, Web(answer)):
        refused = deployment.invoke("RemoveFunction", asked({"imageUrl": URL, "tier": "standard"}))

    assert json.loads(refused["body"])["code"] == code
    assert deployment.hugging_face.requests == []
    assert available(deployment) == SIGNUP_CREDITS


# ---- as remove.bg's clients say it ---------------------------------------------------------------------------------


def send(deployment: Deployment, **request: Any) -> Answered:
    deployment.make_api_key()
    return removebg.send(deployment, **request)


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"image_url": URL, "size": "regular", "bg_color": None}},  # PyPI removebg
        {"json": {"image_url": URL, "size": "preview"}},
        {"files": {"image_url": (None, URL), "size": (None, "auto")}},
    ],
)
def test_image_url_is_fetched_at_once(deployment: Deployment, sent: dict[str, Any]) -> None:
    with internet(deployment, Web(ok(photo()))):
        answer = send(deployment, **sent)

    assert (answer.status, answer.image.mode, answer.image.size) == (200, "RGBA", (64, 48))
    assert available(deployment) == SIGNUP_CREDITS - int(answer.headers["X-Credits-Charged"]) < SIGNUP_CREDITS


def test_bg_image_url_is_put_behind_the_subject(deployment: Deployment) -> None:
    room = io.BytesIO()
    Image.new("RGB", (300, 100), "orange").save(room, "PNG")
    with internet(deployment, Web(ok(room.getvalue()))):
        answer = send(deployment, files={"image_file": ("cat.png", photo())}, data={"bg_image_url": URL})

    corner: Any = answer.image.getpixel((0, 0))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert max(abs(got - wanted) for got, wanted in zip(corner, (255, 165, 0), strict=True)) < 8


BY_URL: list[dict[str, Any]] = [
    {"data": {"image_url": URL, "size": "regular"}},
    {"json": {"image_url": URL}},
]
BEHIND: list[dict[str, Any]] = [
    {"files": {"image_file": ("cat.png", photo())}, "data": {"bg_image_url": URL}},
    {"json": {"image_file_b64": removebg.encoded(photo()), "bg_image_url": URL}},
]


@pytest.mark.parametrize(
    ("code", "sent", "answer"),
    [
        *(("failed_image_download", sent, NOT_FOUND) for sent in BY_URL),
        ("failed_image_download", BY_URL[0], b"no HTTP"),
        *(("failed_bg_download", sent, NOT_FOUND) for sent in BEHIND),
        ("failed_bg_download", BEHIND[0], b"no HTTP"),
        ("invalid_image_url", BY_URL[0], redirect("https://10.0.0.1/")),
        ("invalid_bg_image_url", BEHIND[0], redirect("https://10.0.0.1/")),
        ("file_too_large", BY_URL[0], ok(bytes(10_000_001))),
        ("file_too_large", BEHIND[0], ok(bytes(10_000_001))),
        ("invalid_file_type", BY_URL[0], ok(b"<html>")),
        ("invalid_file_type", BEHIND[0], ok(b"<html>")),
    ],
    ids=named,
)
def test_what_cannot_be_fetched_has_the_code_of_remove_bg_and_costs_nothing(
    deployment: Deployment, code: str, sent: dict[str, Any], answer: bytes
) -> None:
    with internet(deployment, Web(answer)):
        told = send(deployment, **sent)

    assert (told.status, told.error["code"]) == (400, code)
    assert told.error["title"]
    assert deployment.hugging_face.requests == []
    assert available(deployment) == SIGNUP_CREDITS
