"""What the stand-in answers with: refusals as Hugging Face words them, and mattes in all the shapes seen."""

import base64
import http
import io
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.stack.hugging_face.faults import Fault


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, "application/json", json.dumps(content).encode(), headers or {})


def error_answer(status: int, message: str) -> Answer:
    return json_answer({"error": message}, status)


# The texts as clients reported them in public issues and code.
MESSAGES = {
    "bad_request": (400, "Bad request: invalid image"),
    "error_200": (200, "Internal error while running the model"),
    "forbidden": (
        403,
        "This authentication method does not have sufficient permissions to call Inference Providers on behalf of user",
    ),
    "gone": (410, "The requested model is deprecated and no longer supported by provider hf-inference"),
    "not_found": (404, "Not Found"),
    "not_supported": (400, "Model not supported by provider hf-inference"),
    # A dedicated endpoint says 400 whatever went wrong in its model:
    # https://github.com/huggingface/huggingface-inference-toolkit/blob/main/src/huggingface_inference_toolkit/webservice_starlette.py
    "out_of_memory": (400, "CUDA out of memory. Tried to allocate 1024.00 MiB"),
    "payment_required": (
        402,
        "You have exceeded your monthly included credits for Inference Providers. "
        "Subscribe to PRO to get 20x more monthly included credits.",
    ),
    "request_timeout": (408, "Request timed out"),
    "too_large": (413, "Payload Too Large"),
    "unauthorized": (401, "Invalid credentials in Authorization header"),
    "unprocessable": (422, "Unprocessable image"),
    "unsupported": (415, "Unsupported content type"),
}
# nginx in front of an endpoint answers so; clients must not expect JSON.
GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


def refusal(fault: Fault, model: str) -> Answer:
    """Return what a request meets instead of an inference."""
    retry_after = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind == "cold_start":
        # https://github.com/huggingface/transformers/issues/32665 shows the body; that a dedicated endpoint scaled to
        # zero answers 503 too: https://huggingface.co/docs/inference-endpoints/guides/autoscaling
        body: dict[str, Any] = {"error": f"Model {model} is currently loading"}
        if fault.estimated_time is not None:
            body["estimated_time"] = fault.estimated_time
        return json_answer(body, 503, retry_after)
    if fault.kind == "rate_limited":
        # https://huggingface.co/docs/hub/rate-limits: r is what remains, t the seconds until the window starts anew.
        limits = {"RateLimit-Policy": '"fixed window";"api";q=1000;w=300'}
        if fault.reset_after is not None:
            limits["RateLimit"] = f'"api";r=0;t={fault.reset_after}'
        return json_answer({"error": "Too Many Requests"}, 429, retry_after | limits)
    if fault.kind == "server_error":
        phrase = http.HTTPStatus(fault.status).phrase
        if fault.status in (502, 504):
            return Answer(fault.status, "text/html", GATEWAY_PAGE.format(f"{fault.status} {phrase}").encode())
        return error_answer(fault.status, phrase)
    if fault.kind == "html_200":
        return Answer(200, "text/html", b"<!doctype html><title>Hugging Face</title><p>We are down for maintenance.")
    if fault.kind == "empty_200":
        return Answer(200, "application/json", b"")
    return error_answer(*MESSAGES[fault.kind])


def inference_answer(photo: bytes, matte: Image.Image, accept: str, fault: Fault | None) -> Answer:
    """Return what a dedicated endpoint answers: a list of segments, or an image where `accept` asks for one."""
    kind = fault.kind if fault else None
    if kind == "cut_out":
        return Answer(200, "image/png", cut_out(photo, matte))
    mask = altered(encode_png(matte), photo, matte, kind)
    if accept.startswith("image/") and kind not in ("bare_string", "not_base64"):
        return Answer(200, "image/png", mask)
    encoded = "not base64!" if kind == "not_base64" else base64.b64encode(mask).decode()
    if kind == "bare_string":
        return json_answer(encoded)
    return json_answer([{"score": 1.0, "label": "foreground", "mask": encoded}])


def altered(png: bytes, photo: bytes, matte: Image.Image, kind: str | None) -> bytes:
    """Return the picture `png` as a fault of its shape leaves it."""
    if kind == "truncated_matte":
        return png[: len(png) // 2]
    if kind == "wrong_size":
        with Image.open(io.BytesIO(png)) as picture:
            return encode_png(picture.resize((max(1, matte.width // 2), max(1, matte.height // 2))))
    if kind == "empty_matte":
        nothing = Image.new("L", matte.size)
        return cut_out(photo, nothing) if Image.open(io.BytesIO(png)).mode == "RGBA" else encode_png(nothing)
    if kind == "wrong_mode":
        with Image.open(io.BytesIO(photo)) as picture:
            return encode_png(picture.convert("RGB"))
    return png


def cut_out(photo: bytes, matte: Image.Image) -> bytes:
    """Return the photo as RGBA PNG with the matte as alpha; hidden colours stay, as model servers leave them."""
    with Image.open(io.BytesIO(photo)) as picture:
        subject = picture.convert("RGB")
    subject.putalpha(matte)
    return encode_png(subject)


def encode_png(picture: Image.Image) -> bytes:
    """Encode fast rather than small; a matte's long runs make run-length encoding both."""
    strategy = zlib.Z_RLE if picture.mode == "L" else zlib.Z_DEFAULT_STRATEGY
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1, compress_type=strategy)
    return buffer.getvalue()
