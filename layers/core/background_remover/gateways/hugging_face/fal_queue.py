"""The dialect of fal behind Hugging Face's router: submit, poll, fetch the result.

URLs are rewritten as Hugging Face's own client does it:
https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/inference/_providers/fal_ai.py
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from background_remover.domain.inference_errors import (
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Submission
from background_remover.gateways.hugging_face import courses, verdict

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.encoded_photo import EncodedPhoto
    from background_remover.gateways.hugging_face.routes import ModelRoute
    from background_remover.gateways.hugging_face.transport import Answer, Transport

POLL_SECONDS = 0.5
RESULT_HOSTS = ("fal.media",)
"""Besides the route's own host, the domains that a result is fetched from, always without the token."""

_SUBDOMAIN = "_subdomain=queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class FalQueue:
    """The queue until `deadline`, an instant of the transport's clock.

    `on_submission` is told whatever becomes of a submission before anything else is sent. `now` in seconds since 1970.
    """

    transport: Transport
    route: ModelRoute
    deadline: float
    on_submission: Callable[[Submission], None]
    now: Callable[[], float]

    def submit(self, photo: EncodedPhoto, latest: Submission | None) -> Submission:
        """A submission that waits in the queue: the latest one that is known, if it does, else a new one.

        A new one is not sent, and paid for, before the latest one's pause is over. Raises the errors of
        `Transport.call`.
        """
        if latest and latest.status_url:
            return latest
        if latest and (pause := latest.next_at - self.now()) > 0:
            raise courses.NotAskedError("The photo may be submitted again later.", retry_after=pause)
        number = latest.number + 1 if latest else 1
        try:
            request = self._submit(photo)
        except courses.OutcomeUnknownError as error:
            self._came_to_nothing(Submission(number=number, sent_at=int(self.now())), error)
        submission = Submission(
            f"{request}/status?{_SUBDOMAIN}", f"{request}?{_SUBDOMAIN}", number=number, sent_at=int(self.now())
        )
        self.on_submission(submission)
        return submission

    def await_completion(self, submission: Submission) -> None:
        """Raises the errors of `Transport.call`."""
        while self._poll(submission) in ("IN_QUEUE", "IN_PROGRESS"):
            if self.transport.clock() + POLL_SECONDS >= self.deadline:
                raise courses.StillWaitingError(
                    "The request still waits in Hugging Face's queue.", retry_after=verdict.UNSPECIFIED
                )
            self.transport.sleep(POLL_SECONDS)

    def image(self, submission: Submission) -> bytes:
        """The encoded image that carries the matte. Raises the errors of `Transport.call` and `InvalidMatteError`."""
        # Failed requests are completed, too, and what went wrong is their result:
        # https://fal.ai/docs/inference-api/queue/result
        try:
            url = self._get(submission, submission.response_url, _image_url)
        except courses.RequestGivenUpError as error:
            self._came_to_nothing(submission, error)
        if url.startswith("data:"):
            return _decoded(url)
        try:
            return self.transport.fetch(self._allowed(url), _file, deadline=self.deadline)
        except (InferenceMisconfiguredError, InferenceRefusedError) as error:
            # Nothing that is configured went into this request, and no photo.
            raise _outage(f"The image of Hugging Face's queue cannot be fetched. {error.detail}") from error

    def _submit(self, photo: EncodedPhoto) -> str:
        """The address at the router of the request that fal has made of it."""
        data_uri = f"data:{photo.content_type};base64,{base64.b64encode(photo.content).decode()}"
        path = self.transport.call(
            "POST",
            f"{self.route.url}?{_SUBDOMAIN}",
            _request_path,
            headers={"Content-Type": "application/json", **self.route.headers},
            content=json.dumps({"image_url": data_uri, "sync_mode": True}).encode(),
            deadline=self.deadline,
            may_repeat=False,
        )
        provider = urlsplit(self.route.url).path.lstrip("/").partition("/")[0]
        return f"{self.route.origin}/{provider}{path}"

    def _poll(self, submission: Submission) -> str:
        try:
            return self._get(submission, submission.status_url, _status)
        except InferenceRefusedError as error:
            raise _outage(f"A poll carries no image that could be refused. {error.detail}") from error

    def _get[Content](self, submission: Submission, url: str, read: Callable[[Answer], Content]) -> Content:
        if not url.startswith(f"{self.route.origin}/"):
            self._came_to_nothing(
                submission, _outage("The request waits at an address that is not configured any more.")
            )
        try:
            return self.transport.call("GET", url, read, headers=self.route.headers, deadline=self.deadline)
        except courses.NothingThereError as error:
            self._came_to_nothing(submission, _outage(f"Hugging Face's queue lost the request. {error.detail}"))

    def _came_to_nothing(self, submission: Submission, error: InferenceUnavailableError) -> NoReturn:
        """Through no fault of the image: it is submitted again, after the pause, which bounds what that may cost."""
        self.on_submission(replace(submission, status_url="", response_url=""))
        pause = submission.next_at - self.now()
        raise courses.OutcomeUnknownError(error.detail, retry_after=max(error.retry_after, pause)) from error

    def _allowed(self, url: str) -> str:
        try:
            # As the request will read it: another parser may see another host in a malicious address.
            file = parse_url(url)
        except LocationParseError:
            raise InvalidMatteError("Hugging Face's queue answered with an address that is none.") from None
        host = file.host or ""
        is_fals = file.scheme == "https" and any(host == name or host.endswith(f".{name}") for name in RESULT_HOSTS)
        if not (is_fals or file.url.startswith(f"{self.route.origin}/")):
            raise InvalidMatteError(f"The image of Hugging Face's queue lies on a host that is not allowed: {host}")
        return file.url


def _outage(detail: str) -> InferenceUnavailableError:
    return InferenceUnavailableError(detail, retry_after=verdict.UNSPECIFIED)


def _request_path(answer: Answer) -> str:
    match answer.json():
        case {"response_url": str(url)}:
            with contextlib.suppress(LocationParseError):
                if path := parse_url(url).path:
                    return path
    raise answer.lacking("the address of the request")


def _status(answer: Answer) -> str:
    match answer.json():
        case {"status": str(status)}:
            return status
        case _:
            raise answer.lacking("the request's status")


def _image_url(answer: Answer) -> str:
    match answer.json():
        case {"image": {"url": str(url)}}:
            return url
        case _:
            raise answer.lacking("an image")


def _file(answer: Answer) -> bytes:
    if not answer.is_image:
        raise answer.lacking("an image")
    return answer.body


def _decoded(data_uri: str) -> bytes:
    try:
        return base64.b64decode(data_uri.partition("base64,")[2], validate=True)
    except ValueError:
        raise InvalidMatteError("The image of Hugging Face's queue is not base64.") from None
