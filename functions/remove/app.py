"""`POST /remove`: one image, answered with its cut-out if Hugging Face is quick, else with where to ask for it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover import deployment
from background_remover.domain.allowance import end_of_day
from background_remover.gateways.object_store import result_key
from background_remover.http.api import PREFIX, Api
from background_remover.http.image_answer import image_answer
from background_remover.http.messages import Request, Response
from background_remover.http.problems import STATUS, problem
from background_remover.http.representation.jobs import job_with_links
from background_remover.http.request_limits import RequestLimits
from background_remover.http.waiting import Patience
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.http.answers.jobs import JobWithLinks
    from background_remover.http.removal_request import RemovalRequest

PIXEL_SECONDS = 9.0
"""What compositing, encoding and storing the largest inline image may take, kept free of the wait for Hugging Face."""

RETRY_AFTER = "3"

CACHE_HIT = {"Cache-Status": "background-remover; hit"}
"""https://www.rfc-editor.org/rfc/rfc9211"""


def remove(request: Request) -> Response:
    from background_remover.http import removal_request

    asked = removal_request.read(request)
    # Whoever keeps as many functions busy as one may does not wait; the queue is for that.
    wanted = replace(asked.wanted, respond_async=True) if request.has_no_place else asked.wanted
    patience = Patience(request, spare=PIXEL_SECONDS)
    # Pillow, numpy, requests and the clients are loaded with the first image, not for a request that is refused.
    from background_remover.removals import remove_photo

    job = remove_photo()(wanted, patience.left)
    job = patience.await_worker(job, lambda: deployment.jobs().get(job.user_id, job.job_id))
    logger.append_keys(job_id=job.job_id)
    answer = _answer(request, asked, job)
    return replace(answer, headers={**answer.headers, **patience.applied})


def _answer(request: Request, asked: RemovalRequest, job: Job) -> Response:
    if job.failure:
        return problem(
            STATUS[job.failure.code],
            code=job.failure.code,
            detail=f"{job.failure.detail} Nothing was charged.",
            request_id=request.request_id,
            headers=_try_again(STATUS[job.failure.code]),
            jobId=job.job_id,
        )
    if not job.has_ended:
        return _accepted(job, applied_preference=asked.wanted.respond_async)
    if job.result and asked.accepted:
        body = _body(job)
        answer = image_answer(
            deployment.objects(),
            result_key(job),
            link=body["result"]["url"],
            size=job.result.size,
            content_type=job.result.content_type,
            body=body,
            job=f"jobs/{job.job_id}",
        )
        return replace(answer, headers={**answer.headers, **CACHE_HIT}) if job.matte_of else answer
    return Response(HTTPStatus.OK, _body(job))


def _try_again(status: HTTPStatus) -> dict[str, str]:
    """A job fails with 429 where the day's allowance is used up."""
    if status is not HTTPStatus.TOO_MANY_REQUESTS:
        return {}
    now = datetime.now(UTC)
    return {"Retry-After": str(math.ceil((end_of_day(now) - now).total_seconds()))}


def _accepted(job: Job, *, applied_preference: bool) -> Response:
    headers = {"Location": f"jobs/{job.job_id}", "Retry-After": RETRY_AFTER}
    if applied_preference:
        headers["Preference-Applied"] = "respond-async"
    return Response(HTTPStatus.ACCEPTED, _body(job), headers)


def _body(job: Job) -> JobWithLinks:
    return job_with_links(
        job, deployment.objects(), datetime.now(UTC), matte_retention=deployment.settings().input_retention
    )


api = Api(
    {f"POST {PREFIX}/remove": remove},
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits(), keeps_busy=True),
)
handler = api.handler
