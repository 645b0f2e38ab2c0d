"""The dialect of fal behind Hugging Face's router: submit, poll, fetch the result.

URLs are rewritten as Hugging Face's own client does it:
https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/inference/_providers/fal_ai.py
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from background_remover.domain.errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Submission
from background_remover.gateways.hugging_face import verdict

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.hugging_face.transport import Answer, Transport

POLL_SECONDS = 0.5
RESULT_HOSTS = ("fal.media",)
"""Besides the route's own host, the domains that a result is fetched from, always without the token."""

_SUBDOMAIN = "_subdomain=queue"


def infer(
    transport: Transport,
    route: ModelRoute,
    photo: EncodedPhoto,
    *,
    deadline: float,
    submission: Submission | None,
    on_submission: Callable[[Submission], None],
) -> bytes:
    """The encoded image that carries the matte.

    `on_submission` is told where a new request waits in the queue; given back as `submission` on a later call, that
    request is polled instead of being sent (and paid for) again. Raises the errors of `Transport.call` and
    `InvalidMatteError`.
    """
    if submission is None:
        submission = _submit(transport, route, photo, deadline)
        on_submission(submission)
    _await_completion(transport, route, submission, deadline)
    return _result(transport, route, submission, deadline)


def _submit(transport: Transport, route: ModelRoute, photo: EncodedPhoto, deadline: float) -> Submission:
    data_uri = f"data:{photo.content_type};base64,{base64.b64encode(photo.content).decode()}"
    answer = transport.call(
        "POST",
        f"{route.url}?{_SUBDOMAIN}",
        headers={"Content-Type": "application/json", **route.headers},
        content=json.dumps({"image_url": data_uri, "sync_mode": True}).encode(),
        deadline=deadline,
        may_repeat=False,
    )
    match answer.json():
        case {"response_url": str(response_url)}:
            request = f"{_router(route)}{_parsed(response_url).path or ''}"
            return Submission(f"{request}/status?{_SUBDOMAIN}", f"{request}?{_SUBDOMAIN}")
        case _:
            raise InvalidMatteError("Hugging Face's queue did not say where the request waits.")


def _await_completion(transport: Transport, route: ModelRoute, submission: Submission, deadline: float) -> None:
    while True:
        answer = _get(transport, route, submission.status_url, deadline)
        match answer.json():
            # Failed requests are completed, too: https://fal.ai/docs/documentation/model-apis/request-errors
            case {"status": "COMPLETED", **others} if not others.get("error"):
                return
            case {"status": "IN_QUEUE" | "IN_PROGRESS"}:
                if transport.clock() + POLL_SECONDS > deadline:
                    raise InferenceUnavailableError(
                        "The request still waits in Hugging Face's queue.", retry_after=verdict.UNSPECIFIED
                    )
                transport.sleep(POLL_SECONDS)
            case _:
                raise InferenceRefusedError(f"Hugging Face's queue gave the request up: {verdict.excerpt(answer.body)}")


def _result(transport: Transport, route: ModelRoute, submission: Submission, deadline: float) -> bytes:
    match _get(transport, route, submission.response_url, deadline).json():
        case {"image": {"url": str(url)}}:
            return _image(transport, route, url, deadline)
        case _:
            raise InvalidMatteError("Hugging Face's queue completed the request without an image.")


def _get(transport: Transport, route: ModelRoute, url: str, deadline: float) -> Answer:
    if not url.startswith(f"{route.origin}/"):
        raise InvalidMatteError("The request waits at an address that is not configured any more.")
    try:
        return transport.call("GET", url, headers=route.headers, deadline=deadline)
    except verdict.NothingThereError as error:
        raise InvalidMatteError(f"Hugging Face's queue lost the request. {error.detail}") from error


def _image(transport: Transport, route: ModelRoute, url: str, deadline: float) -> bytes:
    if url.startswith("data:"):
        try:
            return base64.b64decode(url.partition("base64,")[2], validate=True)
        except ValueError:
            raise InvalidMatteError("The image of Hugging Face's queue is not base64.") from None
    file = _parsed(url)
    host = file.host or ""
    is_fals = file.scheme == "https" and any(host == name or host.endswith(f".{name}") for name in RESULT_HOSTS)
    if not (is_fals or file.url.startswith(f"{route.origin}/")):
        raise InvalidMatteError(f"The image of Hugging Face's queue lies on a host that is not allowed: {host}")
    try:
        return transport.fetch(file.url, deadline=deadline).body
    except (InferenceMisconfiguredError, InferenceRefusedError) as error:
        # Nothing that is configured went into this request.
        raise InvalidMatteError(f"The image of Hugging Face's queue cannot be fetched. {error.detail}") from error


def _router(route: ModelRoute) -> str:
    """The router and the provider's part of its paths: `https://router.huggingface.co/fal-ai`."""
    return f"{route.origin}/{urlsplit(route.url).path.lstrip('/').partition('/')[0]}"


def _parsed(url: str) -> Url:
    """As the request will read it: another parser may see another host in a malicious address."""
    try:
        return parse_url(url)
    except LocationParseError:
        raise InvalidMatteError("Hugging Face's queue answered with an address that is none.") from None
