"""`POST /remove`: one image, answered with its cut-out if Hugging Face is quick, else with where to ask for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from background_remover import deployment
from background_remover.gateways.object_store import result_key
from background_remover.http.api import PREFIX, caller, create_api, request_id
from background_remover.http.problems import STATUS, problem
from background_remover.http.representation import job_with_links
from background_remover.observability import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from background_remover.domain.jobs import Job
    from background_remover.use_cases.remove_image import RemoveImage

PIXEL_SECONDS = 9.0
"""What compositing, encoding and storing the largest inline image may take, kept free of the wait for Hugging Face."""

RETRY_AFTER = "3"
LARGEST_BYTES_ANSWER = 4_400_000

api = create_api(deployment.settings().allowed_origins)
objects = deployment.objects()


@cache
def remove_image() -> RemoveImage:
    # Pillow, numpy and requests are loaded with the first image, not for a request that is refused without one.
    from background_remover.use_cases.cut_out import CutOut
    from background_remover.use_cases.remove_image import RemoveImage

    def clock() -> datetime:
        return datetime.now(UTC)

    jobs, queue, hugging_face = deployment.jobs(), deployment.queue(), deployment.hugging_face()
    return RemoveImage(
        jobs=jobs,
        objects=objects,
        queue=queue,
        hugging_face=hugging_face,
        cut_out=CutOut(jobs=jobs, objects=objects, queue=queue, hugging_face=hugging_face, clock=clock),
        job_retention=deployment.settings().job_retention,
        clock=clock,
    )


@api.post(f"{PREFIX}/remove")
def remove() -> Response[str] | Response[bytes]:
    from background_remover.http import removal_request

    request = removal_request.read(api.current_event, caller(api))
    seconds = api.lambda_context.get_remaining_time_in_millis() / 1000 - PIXEL_SECONDS
    job = remove_image()(request.removal, seconds=seconds)
    logger.append_keys(job_id=job.job_id)
    if job.failure:
        return problem(
            STATUS[job.failure.code],
            code=job.failure.code,
            detail=f"{job.failure.detail} Nothing was charged.",
            request_id=request_id(api),
            jobId=job.job_id,
        )
    if not job.result:
        return _accepted(job, applied_preference=request.removal.respond_async)
    return _bytes(job) if request.wants_bytes else _job(HTTPStatus.OK, job)


def _accepted(job: Job, *, applied_preference: bool) -> Response[str]:
    headers: dict[str, str | list[str]] = {"Location": f"jobs/{job.job_id}", "Retry-After": RETRY_AFTER}
    if applied_preference:
        headers["Preference-Applied"] = "respond-async"
    return _job(HTTPStatus.ACCEPTED, job, headers)


def _bytes(job: Job) -> Response[str] | Response[bytes]:
    """The image itself, or where it lies when it is more than Lambda may answer with."""
    content = objects.get(result_key(job)) if job.result and job.result.size <= LARGEST_BYTES_ANSWER else None
    if content is None or not job.result:
        return _job(HTTPStatus.SEE_OTHER, job, {"Location": objects.link(result_key(job))})
    return Response(
        status_code=HTTPStatus.OK.value,
        content_type=job.result.content_type,
        body=content,
        headers={"Content-Location": f"jobs/{job.job_id}"},
    )


def _job(status: HTTPStatus, job: Job, headers: dict[str, str | list[str]] | None = None) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type="application/json",
        headers=headers or {},
        body=json.dumps(job_with_links(job, objects, datetime.now(UTC))),
    )


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
