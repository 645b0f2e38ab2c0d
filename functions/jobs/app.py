"""`GET /jobs`, `GET /jobs/{jobId}` and `DELETE /jobs/{jobId}`: the caller's history."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from background_remover import deployment
from background_remover.http.api import PREFIX, caller, create_api
from background_remover.http.representation import job_summary, job_with_links
from background_remover.observability import logger
from background_remover.use_cases.erase_job import erase_job

api = create_api(deployment.settings().allowed_origins)
jobs = deployment.jobs()
objects = deployment.objects()


@api.get(f"{PREFIX}/jobs")
def list_jobs() -> dict[str, Any]:
    from background_remover.http.requests import JobsQuery, validated

    query = validated(JobsQuery, api.current_event.query_string_parameters)
    page, next_cursor = jobs.page(
        caller(api), limit=query.limit, cursor=query.cursor, status=query.status, tier=query.tier
    )
    return {"jobs": [job_summary(job) for job in page], "nextCursor": next_cursor}


@api.get(f"{PREFIX}/jobs/<job_id>")
def show_job(job_id: str) -> dict[str, Any]:
    return job_with_links(jobs.get(caller(api), job_id), objects, datetime.now(UTC))


@api.delete(f"{PREFIX}/jobs/<job_id>")
def delete_job(job_id: str) -> Response[str]:
    erase_job(jobs, objects, user_id=caller(api), job_id=job_id, now=datetime.now(UTC))
    return Response(status_code=HTTPStatus.NO_CONTENT.value, body="")


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
