"""The caller's history."""

from http import HTTPStatus

from background_remover.domain import errors
from background_remover.http.answers import JobsPage, JobWithLinks
from background_remover.http.api import PREFIX
from background_remover.http.requests import JobsQuery
from background_remover.openapi import examples
from background_remover.openapi.description import Answer, Json, Route, Tag

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
