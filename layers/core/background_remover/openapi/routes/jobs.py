"""The caller's history."""

from http import HTTPStatus

from background_remover.domain import credit_errors, image_errors, job_errors, request_errors
from background_remover.http.answers.jobs import JobsPage, JobWithLinks, RenderedJob
from background_remover.http.api import PREFIX
from background_remover.http.requests import JobsQuery, RenderFields, WaitQuery
from background_remover.openapi import examples
from background_remover.openapi.description import (
    IMAGE_ANSWERS,
    LINK_TO_JOB,
    LOCATION,
    PREFER_WAIT,
    WAIT_APPLIED,
    Answer,
    Json,
    Route,
    Tag,
)

ROUTES = (
    Route(
        route=f"GET {PREFIX}/jobs",
        name="listJobs",
        tag=Tag.JOBS,
        summary="List your jobs, newest first",
        query=JobsQuery,
        answers={
            HTTPStatus.OK: Answer("A page of jobs.", {"application/json": Json(JobsPage, {"a page": examples.JOBS})})
        },
        errors=(
            request_errors.InvalidParameterError,
            request_errors.MalformedCursorError,
            request_errors.UnknownTierError,
        ),
    ),
    Route(
        route=f"POST {PREFIX}/jobs/{{jobId}}/render",
        name="renderJob",
        tag=Tag.JOBS,
        summary="Get another rendering of a completed job",
        description="From the photo and the matte that were kept: without inference, without credits, in seconds, for "
        "7 days after the job was made. Other options of the result, such as background, crop or size; or the "
        "`refinement` of a tier below the job's. Ask for the same again and you get the file that is there. With "
        "`Accept: image/png` (or `image/webp`, `image/jpeg`) the image itself is answered.",
        bodies={
            "application/json": Json(
                RenderFields,
                {
                    "a product on white": {
                        "format": "jpeg",
                        "background": "#ffffff",
                        "crop": "5%",
                        "maxSize": 1200,
                    },
                    "the matte": {"output": "matte"},
                },
            )
        },
        answers={
            HTTPStatus.OK: Answer(
                "The rendering; or the image itself.",
                {"application/json": Json(RenderedJob, {"a WebP": examples.RENDERED}), **IMAGE_ANSWERS},
                (LINK_TO_JOB,),
                leads_to=("getJob", "eraseJob"),
            ),
            HTTPStatus.SEE_OTHER: Answer(
                "Where the image is: it is too large for an answer.",
                {"application/json": Json(RenderedJob, {"a WebP": examples.RENDERED})},
                (LOCATION,),
            ),
        },
        errors=(
            request_errors.MalformedJsonError,
            request_errors.MalformedBase64Error,
            request_errors.InvalidParameterError,
            request_errors.UnknownTierError,
            request_errors.NotAcceptableError,
            job_errors.JobNotFoundError,
            job_errors.NothingToRenderError,
            job_errors.RenderingExpiredError,
            job_errors.TooManyRenderingsError,
            image_errors.InvalidRegionError,
            image_errors.EmptyImageError,
            image_errors.ImageTooLargeError,
            image_errors.NotAnImageError,
            image_errors.UnsupportedImageTypeError,
            image_errors.CorruptImageError,
            image_errors.TooManyPixelsError,
            image_errors.DecompressionBombError,
        ),
    ),
    Route(
        route=f"GET {PREFIX}/jobs/{{jobId}}",
        name="getJob",
        tag=Tag.JOBS,
        summary="Get one job",
        description="With links to result, thumbnail and (for 7 days) matte and photo, which are good for 15 minutes.",
        query=WaitQuery,
        headers=(PREFER_WAIT,),
        answers={
            HTTPStatus.OK: Answer(
                "The job.",
                {
                    "application/json": Json(
                        (JobWithLinks,),
                        {
                            "completed": examples.COMPLETED,
                            "completed with one of two inferences": examples.DELIVERED_AS_LESSER_TIER,
                            "failed": examples.FAILED,
                        },
                    )
                },
                (WAIT_APPLIED,),
            )
        },
        errors=(request_errors.InvalidParameterError, job_errors.JobNotFoundError),
    ),
    Route(
        route=f"DELETE {PREFIX}/jobs/{{jobId}}",
        name="eraseJob",
        tag=Tag.JOBS,
        summary="Erase a job and its files",
        description="A job that has not begun is cancelled, and its credits come back. The ledger keeps what was paid. "
        "A ZIP that was assembled before keeps its copy of the result, for as long as ZIPs are kept.",
        answers={HTTPStatus.NO_CONTENT: Answer("It is gone.")},
        errors=(job_errors.JobNotFoundError, job_errors.JobInProgressError, credit_errors.ContentionError),
    ),
)
