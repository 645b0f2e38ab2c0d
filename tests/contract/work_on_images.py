"""What the functions of images do, each in all the ways that ask for a permission of its own."""

import base64
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from background_remover.domain.credits import purchase
from background_remover.domain.jobs import Job
from background_remover.gateways.object_store import input_key
from background_remover.openapi import examples
from tests.contract.deployment import BATCH, JOB, USER, Deployment, event, message
from tests.contract.removebg import detailed, photo, send
from tests.stack.hugging_face import Fault

PHOTO = examples.TINY_PHOTO
"""In base64."""


def remove(deployment: Deployment) -> None:
    for headers in ({"Idempotency-Key": "once"}, {"Idempotency-Key": "once"}, {"Prefer": "respond-async"}):
        request = event("remove")
        request["headers"] |= headers
        assert deployment.invoke("RemoveFunction", request)["statusCode"] in (200, 202)
    awaiting = deployment.await_upload()
    deployment.objects.put(input_key(awaiting), b"no photo", "image/png")
    request = event("remove") | {"isBase64Encoded": False, "body": json.dumps({"uploadId": awaiting.job_id})}
    request["headers"] |= {"Content-Type": "application/json"}
    request["multiValueHeaders"] |= {"Content-Type": ["application/json"]}
    assert deployment.invoke("RemoveFunction", request)["statusCode"] == 415
    deployment.pay_for_plan()
    covered = event("remove")
    covered["headers"] |= {"Cache-Control": "no-cache"}
    deployment.invoke("RemoveFunction", covered)
    with deployment.versions(nothing_there):
        assert deployment.invoke("RemoveFunction", by_url())["statusCode"] == 422
    with deployment.versions(partial(is_there, deployment)):
        assert deployment.invoke("RemoveFunction", by_url(backgroundImage=PHOTO))["statusCode"] == 200


def remove_bg(deployment: Deployment) -> None:
    deployment.make_api_key()
    deployment.ledger.grant(USER, purchase(100), reference="enough", now=datetime.now(UTC))
    assert send(deployment, files={"image_file": detailed()}, data={"size": "full"}).status == 303
    assert send(deployment, path="/account", method="GET").status == 200
    deployment.hugging_face.play(Fault("cold_start", estimated_time=600))
    assert send(deployment, files={"image_file": photo(70)}).status == 503
    assert [send(deployment, files={"image_file": photo(74)}).headers["X-Credits-Charged"] for _ in "12"] == ["8", "0"]
    deployment.pay_for_plan()
    send(deployment, files={"image_file": photo(72)})
    with deployment.versions(nothing_there):
        assert send(deployment, data={"image_url": "https://example.com/cat.jpg"}).status == 400
        url = {"bg_image_url": "https://example.com/room.jpg"}
        assert send(deployment, files={"image_file": photo()}, data=url).error["code"] == "failed_bg_download"


def process_image(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.hugging_face.play(Fault("cold_start", estimated_time=600))
    for _ in ("handed back", "completed", "repeated"):
        deployment.invoke("ProcessImageFunction", event("process_image"))
    assert deployment.jobs.get(USER, JOB).result
    deliver(deployment, deployment.queue_batch(2))
    deployment.pay_for_plan()
    covered = deployment.queue_job("covered")
    deployment.objects.delete([input_key(covered)])
    deliver(deployment, [covered])
    request = by_url(backgroundImage=PHOTO)
    request["headers"] |= {"Prefer": "respond-async"}
    on_image = json.loads(deployment.invoke("RemoveFunction", request)["body"])
    with deployment.versions(partial(is_there, deployment)):
        deliver(deployment, [deployment.jobs.get(USER, on_image["jobId"])])
    assert deployment.jobs.get(USER, on_image["jobId"]).result
    queued = json.loads(deployment.invoke("RemoveFunction", request)["body"])
    with deployment.versions(nothing_there):
        deliver(deployment, [deployment.jobs.get(USER, queued["jobId"])])


def by_url(**options: str) -> dict[str, Any]:
    fields = {"imageUrl": "https://images.example.com/cat.jpg", "tier": "standard", **options}
    request = event("remove") | {"isBase64Encoded": False, "body": json.dumps(fields)}
    request["headers"] |= {"Content-Type": "application/json"}
    return request


def nothing_there(_: dict[str, Any]) -> dict[str, Any]:
    """What the function answers that fetches images."""
    return {"Payload": {"code": "image_not_fetched", "detail": "It is not there.", "members": {}}}


def is_there(deployment: Deployment, order: dict[str, Any]) -> dict[str, Any]:
    key = "inputs/" + urlsplit(order["storeAt"]).path.partition("/inputs/")[2]
    deployment.objects.put(key, base64.b64decode(PHOTO), "image/png")
    return {"Payload": {"size": len(base64.b64decode(PHOTO))}}


def fetch_image(deployment: Deployment) -> None:
    assert deployment.invoke("FetchImageFunction", event("fetch_image"))["code"] == "image_url_refused"


def deliver(deployment: Deployment, jobs: list[Job]) -> None:
    for job in jobs:
        deployment.invoke("ProcessImageFunction", message("process_image", job))


def jobs(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("JobsFunction", event("delete_job"))
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    deployment.invoke("JobsFunction", event("jobs"))
    assert "result" in deployment.invoke("JobsFunction", event("job"))["body"]
    deployment.invoke("RenderFunction", event("render"))
    deployment.invoke("JobsFunction", event("delete_job"))
    first, second = deployment.queue_batch(2)
    deliver(deployment, [first])
    deployment.invoke("JobsFunction", event("delete_job") | {"pathParameters": {"jobId": second.job_id}})
    batch = json.loads(deployment.invoke("BatchFunction", event("batch"))["body"])
    for item in batch["items"]:
        deployment.invoke("JobsFunction", event("delete_job") | {"pathParameters": {"jobId": item["jobId"]}})
    deployment.pay_for_plan()
    covered = deployment.queue_job("covered")
    deployment.invoke("JobsFunction", event("delete_job") | {"pathParameters": {"jobId": covered.job_id}})


def render(deployment: Deployment) -> None:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    for _ in ("made", "there already"):
        assert deployment.invoke("RenderFunction", event("render"))["statusCode"] == 200
    taking_back = event("render") | {"body": '{"output": "matte"}'}
    with deployment.before("s3:PutObject", lambda: deployment.jobs.forget(deployment.jobs.get(USER, JOB))):
        assert deployment.invoke("RenderFunction", taking_back)["statusCode"] == 404


def uploads(deployment: Deployment) -> None:
    deployment.ledger.balance(USER, datetime.now(UTC))
    request = event("upload")
    request["headers"]["Idempotency-Key"] = "once"
    for _ in ("made", "repeated"):
        assert deployment.invoke("UploadsFunction", request)["statusCode"] == 201
    deployment.pay_for_plan()
    assert deployment.invoke("UploadsFunction", event("upload"))["statusCode"] == 201


def on_upload(deployment: Deployment) -> None:
    awaiting = deployment.await_upload()
    deployment.invoke("OnUploadFunction", event("on_upload"))
    deployment.jobs.cancel(deployment.jobs.get(USER, awaiting.job_id), datetime.now(UTC))
    deployment.invoke("OnUploadFunction", event("on_upload"))
    for name in ("taken in", "repeated"):
        drop = event("dropped")
        if name == "taken in":
            written = drop["Records"][0]["s3"]["object"]
            written["eTag"] = deployment.drop()
        deployment.invoke("OnUploadFunction", drop)
    unknown = event("dropped")
    unknown["Records"][0]["s3"]["object"]["key"] = "dropbox/nobody/basic/a.png"
    deployment.invoke("OnUploadFunction", unknown)
    first, second = deployment.queue_batch(2, awaiting=1)
    deliver(deployment, [first])
    huge = event("on_upload")
    huge["Records"][0]["s3"]["object"] |= {"key": f"inputs/{USER}/{second.job_id}", "size": 10_000_001}
    deployment.invoke("OnUploadFunction", huge)
    deployment.pay_for_plan()
    covered = event("dropped")
    covered["Records"][0]["s3"]["object"] |= {"eTag": deployment.drop(), "sequencer": "0066"}
    deployment.invoke("OnUploadFunction", covered)


def batch(deployment: Deployment) -> None:
    request = event("batch")
    request["headers"]["Idempotency-Key"] = "once"
    for _ in ("made", "repeated"):
        assert deployment.invoke("BatchFunction", request)["statusCode"] == 201
    form = event("remove") | {"resource": request["resource"]}
    form["body"] = base64.b64encode(base64.b64decode(form["body"]).replace(b'name="image"', b'name="images"')).decode()
    assert deployment.invoke("BatchFunction", form)["statusCode"] == 201
    form["headers"]["Idempotency-Key"] = "once"
    assert deployment.invoke("BatchFunction", form)["statusCode"] == 409
    first, *_ = deployment.queue_batch(2)
    deliver(deployment, [first])
    deployment.invoke("BatchFunction", event("show_batch"))
    assert deployment.invoke("BatchFunction", event("cancel_batch"))["statusCode"] == 200
    deployment.pay_for_plan()
    batch = json.loads(deployment.invoke("BatchFunction", event("batch"))["body"])
    cancel = event("cancel_batch") | {"pathParameters": {"batchId": batch["batchId"]}}
    assert deployment.invoke("BatchFunction", cancel)["statusCode"] == 200


def download(deployment: Deployment) -> None:
    deliver(deployment, deployment.queue_batch(1))
    deployment.invoke("AssembleZipFunction", event("assemble_zip"))
    assert deployment.invoke("DownloadFunction", event("download"))["statusCode"] == 200


def assemble_zip(deployment: Deployment) -> None:
    deliver(deployment, deployment.queue_batch(1))
    deployment.invoke("AssembleZipFunction", event("assemble_zip"))
    assert deployment.batches.get(USER, BATCH).archive
