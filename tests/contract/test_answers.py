"""Every success of the OpenAPI document is one that its route gives, and `Deployment.invoke` holds it to its schema."""

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from schemathesis.core.failures import FailureGroup

from background_remover.gateways.object_store import input_key
from background_remover.http.api import PREFIX
from tests.contract import removebg
from tests.contract.deployment import Deployment, event, message
from tests.documented import DOCUMENT, as_response, assert_documented

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

JSON = "application/json"
Success = tuple[str, int, str]
"""Route, status, and media type ("" for no body)."""


def documented() -> set[Success]:
    return {
        (f"{method.upper()} {path}", int(status), media_type)
        for path, methods in json.loads(DOCUMENT.read_text())["paths"].items()
        for method, operation in methods.items()
        for status, answer in operation["responses"].items()
        if int(status) < 400
        for media_type in answer.get("content", {"": None})
    }


def asking(function: str, name: str, **headers: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        request = event(name)
        request["headers"] |= headers
        return deployment.invoke(function, request)

    return ask


def asking_for_image(media_type: str, photo: Callable[[], bytes], **query: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        request = event("remove") | {
            "body": base64.b64encode(photo()).decode(),
            "multiValueQueryStringParameters": {name: [value] for name, value in {"tier": "standard", **query}.items()},
        }
        request["headers"] |= {"Content-Type": "image/jpeg", "Accept": media_type}
        return deployment.invoke("RemoveFunction", request)

    return ask


def small_photo() -> bytes:
    return jpeg(np.zeros((48, 64, 3), np.uint8))


def photo_with_a_large_result() -> bytes:
    return jpeg(np.random.default_rng(1).integers(0, 256, (1600, 2400, 3), dtype=np.uint8))


def jpeg(pixels: Any) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=60)
    return encoded.getvalue()


def finished_job(deployment: Deployment) -> Any:
    deployment.queue_job()
    deployment.invoke("ProcessImageFunction", event("process_image"))
    return deployment.invoke("JobsFunction", event("job"))


def rendering(accept: str, *, photo: Callable[[], bytes] | None = None, **options: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        job = deployment.queue_job()
        if photo:
            deployment.objects.put(input_key(job), photo(), "image/jpeg")
        deployment.invoke("ProcessImageFunction", event("process_image"))
        request = event("render") | {"body": json.dumps(options)}
        request["headers"] |= {"Accept": accept}
        return deployment.invoke("RenderFunction", request)

    return ask


def erased_job(deployment: Deployment) -> Any:
    deployment.queue_job()
    return deployment.invoke("JobsFunction", event("delete_job"))


def finished_batch(deployment: Deployment) -> Any:
    for job in deployment.queue_batch(2):
        deployment.invoke("ProcessImageFunction", message("process_image", job))
    return deployment.invoke("BatchFunction", event("show_batch"))


def cancelled_batch(deployment: Deployment) -> Any:
    deployment.queue_batch(2)
    return deployment.invoke("BatchFunction", event("cancel_batch"))


def archive(accept: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        finished_batch(deployment)
        deployment.invoke("AssembleZipFunction", event("assemble_zip"))
        return asking("DownloadFunction", "download", Accept=accept)(deployment)

    return ask


def with_plan(function: str, name: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        deployment.pay_for_plan()
        return deployment.invoke(function, event(name))

    return ask


def with_key(name: str) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        deployment.make_api_key()
        return deployment.invoke("ApiKeysFunction", event(name))

    return ask


def with_webhook(name: str) -> Callable[[Deployment], Any]:
    """One that was sent a test event."""

    def ask(deployment: Deployment) -> Any:
        made = json.loads(deployment.invoke("WebhooksFunction", event("create_webhook"))["body"])
        one = {"webhookId": made["webhookId"]}
        sent = deployment.invoke("WebhooksFunction", event("test_webhook") | {"pathParameters": one})
        parameters = {**one, "eventId": json.loads(sent["body"])["eventId"]}
        return deployment.invoke("WebhooksFunction", event(name) | {"pathParameters": parameters})

    return ask


def as_removebg(
    path: str = "/removebg", *, accept: str = "*/*", photo: Callable[[], bytes] = small_photo, **fields: str
) -> Callable[[Deployment], Any]:
    def ask(deployment: Deployment) -> Any:
        deployment.make_api_key()
        headers = {**removebg.KEY, "Accept": accept}
        if path == "/account":
            return removebg.ask(deployment, path=path, method="GET", headers=headers)
        return removebg.ask(deployment, headers=headers, files={"image_file": ("cat.jpg", photo())}, data=fields)

    return ask


def script(deployment: Deployment) -> Any:
    return deployment.invoke(
        "DocsFunction", event("docs_asset") | {"pathParameters": {"asset": "swagger-ui-bundle.js"}}
    )


SCENARIOS: dict[Success, Callable[[Deployment], Any]] = {
    (f"POST {PREFIX}/remove", 200, JSON): asking("RemoveFunction", "remove"),
    (f"POST {PREFIX}/remove", 200, "image/png"): asking_for_image("image/png", small_photo),
    (f"POST {PREFIX}/remove", 200, "image/jpeg"): asking_for_image("image/jpeg", small_photo, background="#fff000"),
    (f"POST {PREFIX}/remove", 200, "image/webp"): asking_for_image("image/webp", small_photo),
    (f"POST {PREFIX}/remove", 202, JSON): asking("RemoveFunction", "remove", Prefer="respond-async"),
    (f"POST {PREFIX}/remove", 303, JSON): asking_for_image("image/png", photo_with_a_large_result),
    (f"POST {PREFIX}/uploads", 201, JSON): asking("UploadsFunction", "upload"),
    (f"POST {PREFIX}/batch", 201, JSON): asking("BatchFunction", "batch"),
    (f"GET {PREFIX}/batch/{{batchId}}", 200, JSON): finished_batch,
    (f"POST {PREFIX}/batch/{{batchId}}/cancel", 200, JSON): cancelled_batch,
    (f"GET {PREFIX}/batch/{{batchId}}/download", 200, JSON): archive(JSON),
    (f"GET {PREFIX}/batch/{{batchId}}/download", 302, ""): archive("application/zip"),
    (f"GET {PREFIX}/jobs", 200, JSON): asking("JobsFunction", "jobs"),
    (f"GET {PREFIX}/jobs/{{jobId}}", 200, JSON): finished_job,
    (f"POST {PREFIX}/jobs/{{jobId}}/render", 200, JSON): rendering(JSON),
    (f"POST {PREFIX}/jobs/{{jobId}}/render", 200, "image/png"): rendering("image/png", crop="5%"),
    (f"POST {PREFIX}/jobs/{{jobId}}/render", 200, "image/jpeg"): rendering("image/jpeg", output="matte"),
    (f"POST {PREFIX}/jobs/{{jobId}}/render", 200, "image/webp"): rendering("image/webp", refinement="basic"),
    (f"POST {PREFIX}/jobs/{{jobId}}/render", 303, JSON): rendering("image/png", photo=photo_with_a_large_result),
    (f"DELETE {PREFIX}/jobs/{{jobId}}", 204, ""): erased_job,
    (f"GET {PREFIX}/credits", 200, JSON): asking("CreditsFunction", "credits"),
    (f"GET {PREFIX}/subscription", 200, JSON): with_plan("SubscriptionFunction", "subscription"),
    (f"POST {PREFIX}/subscription", 200, JSON): with_plan("SubscriptionFunction", "subscribe"),
    (f"DELETE {PREFIX}/subscription", 200, JSON): with_plan("SubscriptionFunction", "cancel_subscription"),
    (f"POST {PREFIX}/pricing/calculate", 200, JSON): with_plan("PricingFunction", "pricing"),
    (f"GET {PREFIX}/stats", 200, JSON): with_plan("StatsFunction", "stats"),
    (f"GET {PREFIX}/api-keys", 200, JSON): with_key("api_keys"),
    (f"POST {PREFIX}/api-keys", 201, JSON): asking("ApiKeysFunction", "create_api_key"),
    (f"DELETE {PREFIX}/api-keys/{{keyId}}", 204, ""): with_key("delete_api_key"),
    (f"GET {PREFIX}/webhooks", 200, JSON): with_webhook("webhooks"),
    (f"POST {PREFIX}/webhooks", 201, JSON): asking("WebhooksFunction", "create_webhook"),
    (f"DELETE {PREFIX}/webhooks/{{webhookId}}", 204, ""): with_webhook("delete_webhook"),
    (f"POST {PREFIX}/webhooks/{{webhookId}}/secret", 200, JSON): with_webhook("replace_webhook_secret"),
    (f"POST {PREFIX}/webhooks/{{webhookId}}/test", 202, JSON): with_webhook("test_webhook"),
    (f"GET {PREFIX}/webhooks/{{webhookId}}/deliveries", 200, JSON): with_webhook("deliveries"),
    (f"POST {PREFIX}/webhooks/{{webhookId}}/deliveries/{{eventId}}", 202, JSON): with_webhook("redeliver"),
    ("POST /v1.0/removebg", 200, JSON): as_removebg(accept=JSON),
    ("POST /v1.0/removebg", 200, "image/png"): as_removebg(format="png"),
    ("POST /v1.0/removebg", 200, "image/jpeg"): as_removebg(format="jpg"),
    ("POST /v1.0/removebg", 200, "application/zip"): as_removebg(format="zip"),
    ("POST /v1.0/removebg", 303, JSON): as_removebg(photo=removebg.detailed, format="png", size="full"),
    ("GET /v1.0/account", 200, JSON): as_removebg("/account"),
    ("GET /api/health", 200, JSON): asking("HealthFunction", "health"),
    ("GET /api/openapi.json", 200, JSON): asking("DocsFunction", "openapi"),
    ("GET /api/docs", 200, "text/html"): asking("DocsFunction", "docs"),
    ("GET /api/docs/{asset}", 200, "text/css"): asking("DocsFunction", "docs_asset"),
    ("GET /api/docs/{asset}", 200, "text/javascript"): script,
}


HEALTH = {
    "statusCode": 200,
    "headers": {"Content-Type": JSON},
    "body": '{"status": "ok", "version": "1", "commit": "0a1b2c3"}',
}


@pytest.mark.parametrize(
    "change",
    [
        {"statusCode": 201},
        {"headers": {"Content-Type": "text/plain"}},
        {"body": '{"status": "ok", "version": "1", "uptime": 7}'},
        {"body": '{"status": "ok"}'},
    ],
    ids=["status", "media type", "field too many", "field too few"],
)
def test_what_the_document_does_not_have_is_noticed(change: dict[str, Any]) -> None:
    assert_documented("GET /api/health", as_response(HEALTH))
    with pytest.raises(FailureGroup):
        assert_documented("GET /api/health", as_response(HEALTH | change))


def test_there_is_a_scenario_for_every_success_and_no_other() -> None:
    assert set(SCENARIOS) == documented()


@pytest.mark.parametrize("success", SCENARIOS, ids=lambda success: " ".join(map(str, success)))
def test_a_success_of_the_document_is_given(deployment: Deployment, success: Success) -> None:
    _, status, media_type = success

    answer = SCENARIOS[success](deployment)

    assert (answer["statusCode"], answer["headers"].get("Content-Type", "").partition(";")[0]) == (status, media_type)
