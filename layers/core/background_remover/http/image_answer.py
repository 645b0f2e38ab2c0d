"""Answering with an image itself, for whom the Accept header says so."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from background_remover.domain.job_errors import JobNotFoundError
from background_remover.http.messages import LARGEST_BINARY, Response

if TYPE_CHECKING:
    from background_remover.domain.jobs import OutputFormat
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.http.messages import Request

_FORMATS: dict[str, OutputFormat] = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpeg"}


def accepted_format(request: Request) -> OutputFormat | None:
    """From the first media type of the Accept header, the only one by which API Gateway decides to send bytes.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
    """
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower()
    return _FORMATS.get(first)


def image_answer(
    objects: ObjectStore, key: str, *, link: str, size: int, content_type: str, body: Mapping[str, Any], job: str
) -> Response:
    """The image, or 303 with `body` and the `link` to it when it has more bytes than Lambda may answer with.

    `job` is the URL of its job, relative to the request's. Raises `JobNotFoundError` where it was erased meanwhile.
    """
    if size > LARGEST_BINARY:
        return Response(HTTPStatus.SEE_OTHER, body, {"Location": link})
    content = objects.get(key)
    if content is None:
        raise JobNotFoundError("The job was erased meanwhile.")
    return Response(HTTPStatus.OK, content, {"Link": f'<{job}>; rel="describedby"'}, content_type)
