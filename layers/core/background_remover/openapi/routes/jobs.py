"""The caller's history."""

from http import HTTPStatus

from background_remover.domain import errors
from background_remover.http.answers import JobsPage, JobWithLinks, RenderedJob
from background_remover.http.api import PREFIX
from background_remover.http.requests import JobsQuery, RenderFields
from background_remover.openapi import examples
from background_remover.openapi.description import (
    IMAGE_ANSWERS,
    LINK_TO_JOB,
    LOCATION,
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
        errors=(errors.InvalidParameterError, errors.MalformedCursorError, errors.UnknownTierError),
    ),
    Route(
        route=f"POST {PREFIX}/jobs/{{jobId}}/render",
        name="renderJob",
        tag=Tag.JOBS,
        summary="Get another rendering of a completed job",
        description="From the photo and the matte that were kept: without inference, without credits, in seconds, for "
        "7 days after the job was made. Another background, crop, size, format or output; or the `refinement` of a "
        "tier below the job's. Ask for the same again and you get the file that is there. With `Accept: image/png` "
        "(or `image/webp`, `image/jpeg`) the image itself is answered.",
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
            errors.MalformedJsonError,
            errors.MalformedBase64Error,
            errors.InvalidParameterError,
            errors.UnknownTierError,
            errors.NotAcceptableError,
            errors.JobNotFoundError,
            errors.NothingToRenderError,
            errors.RenderingExpiredError,
            errors.TooManyRenderingsError,
            errors.TooManyPixelsError,
        ),
    ),
    Route(
        route=f"GET {PREFIX}/jobs/{{jobId}}",
        name="getJob",
        tag=Tag.JOBS,
        summary="Get one job",
        description="With links to result, thumbnail and (for 7 days) matte, which are good for 15 minutes.",
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
            )
        },
        errors=(errors.JobNotFoundError,),
    ),
    Route(
        route=f"DELETE {PREFIX}/jobs/{{jobId}}",
        name="eraseJob",
        tag=Tag.JOBS,
        summary="Erase a job and its files",
        description="A job that has not begun is cancelled, and its credits come back. The ledger keeps what was paid.",
        answers={HTTPStatus.NO_CONTENT: Answer("It is gone.")},
        errors=(errors.JobNotFoundError, errors.JobInProgressError, errors.ContentionError),
    ),
)
