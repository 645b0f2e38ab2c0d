"""`POST /batch`, `GET /batch/{batchId}` and `POST /batch/{batchId}/cancel`."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain.batches import Batch
from background_remover.domain.jobs import JobStatus
from background_remover.http import waiting
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.batches import batch_page, created_batch
from background_remover.http.representation.jobs import job_summary, job_with_upload
from background_remover.http.request_limits import RequestLimits
from background_remover.use_cases.cancel_batch import cancel_batch
from background_remover.use_cases.create_batch import CreateBatch
from background_remover.use_cases.wake_endpoint import ask_to_wake


def clock() -> datetime:
    return datetime.now(UTC)


IMAGES_FOR_A_TOKEN = 10
"""What as many jobs cost to make and to end is about what another request costs."""

FETCHES_FOR_A_TOKEN = 4
"""A fetch may keep a function busy for ten seconds and come to nothing. 500 of them fit into a full bucket."""

limits = RequestLimits(deployment.limits())
batches = deployment.batches()
create = CreateBatch(
    batches=batches,
    objects=deployment.objects(),
    queue=deployment.queue(),
    models=deployment.settings().served_models,
    allowance=deployment.allowance(),
    job_retention=deployment.settings().job_retention,
    clock=clock,
)


def create_batch(request: Request) -> Response:
    from background_remover.http import batch_request

    wanted = batch_request.read(request)
    fetched = sum(file.source.url is not None for file in wanted.files)
    if more := (len(wanted.files) - fetched) // IMAGES_FOR_A_TOKEN + fetched // FETCHES_FOR_A_TOKEN:
        limits.spend(request, more)
    created = create(wanted)
    if any(job.status is JobStatus.AWAITING_UPLOAD for job in created.jobs):
        # Until the first file is there an endpoint that sleeps may have started.
        ask_to_wake(deployment.queue(), wanted.tier.model)
    now = clock()
    items = [job_with_upload(job, deployment.objects(), now) for job in created.jobs]
    return Response(
        HTTPStatus.CREATED,
        created_batch(created.batch, items, now),
        {"Location": f"batch/{created.batch.batch_id}"},
    )


def show_batch(request: Request) -> Response:
    from background_remover.http.requests import ItemsQuery
    from background_remover.http.validation import validated

    query = validated(ItemsQuery, request.query)

    def read() -> Batch:
        return batches.get(request.user_id, request.path["batchId"])

    if query.cursor is not None:  # One that is refused is refused before the wait.
        batches.items(read(), limit=1, cursor=query.cursor)
    batch, headers = waiting.ended(read, request, limits, wait=query.wait)
    jobs, next_cursor = batches.items(batch, limit=query.limit, cursor=query.cursor)
    return Response(HTTPStatus.OK, batch_page(batch, [job_summary(job) for job in jobs], next_cursor, clock()), headers)


def cancel(request: Request) -> Response:
    batch = cancel_batch(
        batches,
        deployment.jobs(),
        deployment.archive_queue(),
        user_id=request.user_id,
        batch_id=request.path["batchId"],
        now=clock(),
    )
    return Response(HTTPStatus.OK, batch_page(batch, [], None, clock()))


api = Api(
    {
        f"POST {PREFIX}/batch": create_batch,
        f"GET {PREFIX}/batch/{{batchId}}": show_batch,
        f"POST {PREFIX}/batch/{{batchId}}/cancel": cancel,
    },
    allowed_origins=deployment.settings().allowed_origins,
    limits=limits,
)
handler = api.handler
