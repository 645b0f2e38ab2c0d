"""`backgroundImage` as callers send it, through the handlers: a second file of a form, or base64 in JSON."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from background_remover.domain.jobs import Job
from background_remover.gateways.object_store import result_key
from tests.contract.deployment import USER, Deployment, event

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

BOUNDARY = "x"


def image(colour: tuple[int, int, int] | None) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour or (90, 90, 90)).save(file, "PNG")
    return file.getvalue()


def form(*parts: tuple[str, bytes]) -> dict[str, Any]:
    body = b"".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"
        for name, content in parts
        for file in ['; filename="a.png"' if name.endswith("mage") else ""]
    )
    request = event("remove") | {"body": base64.b64encode(body + b"--x--\r\n").decode()}
    request["headers"]["content-type"] = f"multipart/form-data; boundary={BOUNDARY}"
    return request


def in_json(name: str, **fields: Any) -> dict[str, Any]:
    request = event(name) | {"isBase64Encoded": False, "body": json.dumps(fields)}
    request["headers"] = {**request["headers"], "content-type": "application/json"}
    return request


def corner(content: bytes | None) -> list[int]:
    assert content is not None
    corner: list[int] = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))[0, 0].tolist()
    return corner


def job_of(deployment: Deployment, answer: dict[str, Any]) -> Job:
    assert answer["statusCode"] == 200, answer["body"]
    return deployment.jobs.get(USER, json.loads(answer["body"])["jobId"])


def test_a_form_has_it_as_a_second_file(deployment: Deployment) -> None:
    request = form(("image", image(None)), ("backgroundImage", image((200, 10, 20))), ("tier", b"basic"))

    job = job_of(deployment, deployment.invoke("RemoveFunction", request))

    assert corner(deployment.objects.get(result_key(job))) == [200, 10, 20, 255]


def test_json_has_it_in_base64_and_so_has_a_rendering(deployment: Deployment) -> None:
    photo, behind, other = (base64.b64encode(image(colour)).decode() for colour in (None, (200, 10, 20), (20, 10, 200)))
    asked = in_json("remove", image=photo, backgroundImage=behind, tier="basic")
    job = job_of(deployment, deployment.invoke("RemoveFunction", asked))
    assert corner(deployment.objects.get(result_key(job))) == [200, 10, 20, 255]

    wanted = in_json("render", backgroundImage=other, format="webp", lossless=True)
    wanted["pathParameters"] = {"jobId": job.job_id}
    wanted["headers"]["Accept"] = "image/webp"
    rendered = deployment.invoke("RenderFunction", wanted)

    assert rendered["statusCode"] == 200, rendered["body"]
    assert corner(base64.b64decode(rendered["body"])) == [20, 10, 200, 255]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"background": "#ffffff"}, 422, "one background: a colour or an image"),
        ({"output": "matte"}, 422, "A matte is grey"),
        ({"backgroundImage": "no base64"}, 400, "base64"),
        ({"backgroundImage": base64.b64encode(b"<html>").decode()}, 415, "The background image cannot be used"),
        ({"backgroundImage": ""}, 400, "The background image cannot be used. The image is empty"),
        ({"region": "0 0 65 64"}, 422, "64 x 64"),
    ],
)
def test_what_is_wrong_is_said(deployment: Deployment, fields: dict[str, str], status: int, said: str) -> None:
    photo = base64.b64encode(image(None)).decode()
    request = in_json("remove", **{"image": photo, "tier": "basic", "backgroundImage": photo, **fields})

    answer = deployment.invoke("RemoveFunction", request)

    assert (answer["statusCode"], said in json.loads(answer["body"])["detail"]) == (status, True), answer["body"]
    entries, _ = deployment.ledger.entries(USER, limit=5, cursor=None)
    assert [entry for entry in entries if entry.movement.kind != "bonus"] == []


def test_a_batch_takes_none(deployment: Deployment) -> None:
    asked = {**json.loads(event("batch")["body"]), "backgroundImage": "AAAA"}
    answer = deployment.invoke("BatchFunction", in_json("batch", **asked))
    assert answer["statusCode"] == 422
    assert "backgroundImage" in answer["body"]
