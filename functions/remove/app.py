"""`POST /remove`: one image, answered with its cut-out if Hugging Face is quick, else with where to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover import deployment
from background_remover.gateways.object_store import result_key
from background_remover.http.api import PREFIX, Api
from background_remover.http.image_answer import image_answer
from background_remover.http.messages import Request, Response
from background_remover.http.problems import STATUS, problem
from background_remover.http.representation import job_with_links
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.http.answers import JobWithLinks
    from background_remover.use_cases.remove_image import Removal
    from background_remover.use_cases.remove_uploaded import UploadedRemoval

PIXEL_SECONDS = 9.0
"""What compositing, encoding and storing the largest inline image may take, kept free of the wait for Hugging Face."""

RETRY_AFTER = "3"


@cache
def remove_photo() -> Callable[[Removal | UploadedRemoval, Callable[[], float]], Job]:
    # Pillow, numpy, requests and the clients are loaded with the first image, not for a request that is refused.
    from background_remover.use_cases.cut_out import CutOut
    from background_remover.use_cases.find_foreground import FindForeground
    from background_remover.use_cases.process_job import ProcessJob
    from background_remover.use_cases.remove_image import Removal, RemoveImage
    from background_remover.use_cases.remove_uploaded import RemoveUploaded

    def clock() -> datetime:
        return datetime.now(UTC)

    jobs, objects = deployment.jobs(), deployment.objects()
    queue, hugging_face = deployment.queue(), deployment.hugging_face()
    find_foreground = FindForeground(jobs=jobs, hugging_face=hugging_face, clock=clock)
    cut_out = CutOut(jobs=jobs, objects=objects, queue=queue, find_foreground=find_foreground, clock=clock)
    remove_image = RemoveImage(
        jobs=jobs,
        objects=objects,
        queue=queue,
        hugging_face=hugging_face,
        cut_out=cut_out,
        job_retention=deployment.settings().job_retention,
        clock=clock,
    )
    process_job = ProcessJob(
        jobs=jobs, batches=deployment.batches(), objects=objects, queue=queue, cut_out=cut_out, clock=clock
    )
    remove_uploaded = RemoveUploaded(jobs=jobs, objects=objects, queue=queue, process_job=process_job, clock=clock)

    def remove(wanted: Removal | UploadedRemoval, time_left: Callable[[], float]) -> Job:
        if isinstance(wanted, Removal):
            return remove_image(wanted, time_left=time_left)
        return remove_uploaded(wanted, time_left=time_left)

    return remove


def remove(request: Request) -> Response:
    from background_remover.http import removal_request

    asked = removal_request.read(request)
    job = remove_photo()(asked.wanted, lambda: request.remaining_seconds() - PIXEL_SECONDS)
    logger.append_keys(job_id=job.job_id)
    if job.failure:
        return problem(
            STATUS[job.failure.code],
            code=job.failure.code,
            detail=f"{job.failure.detail} Nothing was charged.",
            request_id=request.request_id,
            jobId=job.job_id,
        )
    if not job.has_ended:
        return _accepted(job, applied_preference=asked.wanted.respond_async)
    if job.result and asked.accepted:
        return image_answer(
            deployment.objects(),
            result_key(job),
            size=job.result.size,
            content_type=job.result.content_type,
            body=_body(job),
            job=f"jobs/{job.job_id}",
        )
    return Response(HTTPStatus.OK, _body(job))


def _accepted(job: Job, *, applied_preference: bool) -> Response:
    headers = {"Location": f"jobs/{job.job_id}", "Retry-After": RETRY_AFTER}
    if applied_preference:
        headers["Preference-Applied"] = "respond-async"
    return Response(HTTPStatus.ACCEPTED, _body(job), headers)


def _body(job: Job) -> JobWithLinks:
    return job_with_links(
        job, deployment.objects(), datetime.now(UTC), matte_retention=deployment.settings().input_retention
    )


api = Api({f"POST {PREFIX}/remove": remove}, allowed_origins=deployment.settings().allowed_origins)
handler = api.handler
