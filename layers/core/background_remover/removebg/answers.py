"""A completed job as remove.bg answers it: the file, or JSON with the file in base64."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover.domain.file_names import saved_name
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.gateways.object_store import renders_prefix, result_key
from background_remover.http.messages import LARGEST_BINARY, Response
from background_remover.removebg.refusals import refusal
from background_remover.removebg.sizes import PIXELS
from imaging.repacking import repack

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.http.messages import Request
    from background_remover.removebg.parameters import Asked
    from imaging.repacking import Package, Packing

LARGEST_TEXT = 5_900_000
"""Bytes. Unlike bytes, text stands in Lambda's answer as it is, but for its quotes."""

TOO_LARGE = "The result is too large for an answer."

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "application/zip": "zip"}


def wants_json(request: Request) -> bool:
    first: str = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
    return first.strip().lower() == "application/json"


def answer_with(request: Request, asked: Asked, job: Job, packing: Packing, objects: ObjectStore) -> Response:
    """Raises `JobNotFoundError` where the job was erased meanwhile."""
    png = objects.get(result_key(job))
    if png is None:
        raise JobNotFoundError("The job was erased meanwhile.")
    body, package = _body(request, repack(png, packing))
    if asked.size == "auto":
        # "The highest available resolution" is one that an answer can hold, as not every client follows to another.
        for pixels in sorted(PIXELS.values(), reverse=True):
            if not _is_too_large(body):
                break
            smaller = replace(packing, most_pixels=pixels, most_png_pixels=min(pixels, packing.most_png_pixels))
            body, package = _body(request, repack(png, smaller))
    headers = _headers(asked, job, package)
    content_type = "application/json" if isinstance(body, str) else package.content_type
    if not _is_too_large(body):
        return Response(HTTPStatus.OK, body, headers, content_type)
    detail = (
        "The same image again is not charged again: ask for format=zip or format=jpg, for a smaller size, or for the "
        "file itself in place of JSON."
    )
    if isinstance(body, str):
        # Clients that want JSON follow with another POST, or not at all; a file they would not understand.
        return refusal(HTTPStatus.NOT_ACCEPTABLE, "result_too_large", TOO_LARGE, detail, headers)
    extension = _EXTENSIONS[content_type]
    key = f"{renders_prefix(job)}removebg-{sha256(body).hexdigest()[:32]}.{extension}"
    objects.put(key, body, content_type)
    link = objects.link(key, file_name=saved_name(job.source.file_name or job.job_id, extension))
    return refusal(
        HTTPStatus.SEE_OTHER,
        "result_too_large",
        TOO_LARGE,
        f"It is at Location. {detail}",
        {**headers, "Location": link},
    )


def _body(request: Request, package: Package) -> tuple[str | bytes, Package]:
    if not wants_json(request):
        return package.content, package
    left, top, right, bottom = package.subject
    data = {
        "result_b64": base64.b64encode(package.content).decode(),
        "foreground_top": top,
        "foreground_left": left,
        "foreground_width": right - left,
        "foreground_height": bottom - top,
    }
    return json.dumps({"data": data}), package


def _is_too_large(body: str | bytes) -> bool:
    return len(body) > (LARGEST_TEXT if isinstance(body, str) else LARGEST_BINARY)


def _headers(asked: Asked, job: Job, package: Package) -> dict[str, str]:
    left, top, right, bottom = package.subject
    return {
        "X-Credits-Charged": str(0 if job.matte_of else job.price),
        "X-Width": str(package.width),
        "X-Height": str(package.height),
        "X-Foreground-Top": str(top),
        "X-Foreground-Left": str(left),
        "X-Foreground-Width": str(right - left),
        "X-Foreground-Height": str(bottom - top),
        **({"X-Type": "other"} if asked.says_type else {}),
        **({"X-Without-Effect": ", ".join(asked.without_effect)} if asked.without_effect else {}),
    }
