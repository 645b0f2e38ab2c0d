"""`GET /jobs`, `GET /jobs/{jobId}` and `DELETE /jobs/{jobId}`: the caller's history."""

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.http import waiting
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.jobs import job_with_links, jobs_page
from background_remover.http.request_limits import RequestLimits
from background_remover.use_cases.erase_job import erase_job

jobs = deployment.jobs()
limits = RequestLimits(deployment.limits())


def list_jobs(request: Request) -> Response:
    from background_remover.http.requests import JobsQuery
    from background_remover.http.validation import validated

    query = validated(JobsQuery, request.query)
    page, next_cursor = jobs.page(
        request.user_id, limit=query.limit, cursor=query.cursor, status=query.status, tier=query.tier
    )
    return Response(HTTPStatus.OK, jobs_page(page, next_cursor))


def show_job(request: Request) -> Response:
    wait = None
    if request.query:  # Without, the request is answered without pydantic.
        from background_remover.http.requests import WaitQuery
        from background_remover.http.validation import validated

        wait = validated(WaitQuery, request.query).wait
    job, headers = waiting.ended(lambda: jobs.get(request.user_id, request.path["jobId"]), request, limits, wait=wait)
    body = job_with_links(
        job, deployment.objects(), datetime.now(UTC), matte_retention=deployment.settings().input_retention
    )
    return Response(HTTPStatus.OK, body, headers)


def delete_job(request: Request) -> Response:
    erase_job(
        jobs,
        deployment.batches(),
        deployment.objects(),
        deployment.archive_queue(),
        user_id=request.user_id,
        job_id=request.path["jobId"],
        now=datetime.now(UTC),
    )
    return Response(HTTPStatus.NO_CONTENT)


api = Api(
    {
        f"GET {PREFIX}/jobs": list_jobs,
        f"GET {PREFIX}/jobs/{{jobId}}": show_job,
        f"DELETE {PREFIX}/jobs/{{jobId}}": delete_job,
    },
    allowed_origins=deployment.settings().allowed_origins,
    limits=limits,
)
handler = api.handler
