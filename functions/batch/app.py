"""`POST /batch`, `GET /batch/{batchId}` and `POST /batch/{batchId}/cancel`."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation import batch_page, created_batch, job_summary, job_with_upload
from background_remover.use_cases.cancel_batch import cancel_batch
from background_remover.use_cases.create_batch import CreateBatch


def clock() -> datetime:
    return datetime.now(UTC)


batches = deployment.batches()
create = CreateBatch(
    batches=batches,
    objects=deployment.objects(),
    queue=deployment.queue(),
    models=deployment.settings().served_models,
    job_retention=deployment.settings().job_retention,
    clock=clock,
)


def create_batch(request: Request) -> Response:
    from background_remover.http import batch_request

    created = create(batch_request.read(request))
    now = clock()
    items = [job_with_upload(job, deployment.objects(), now) for job in created.jobs]
    return Response(
        HTTPStatus.CREATED,
        created_batch(created.batch, items, now),
        {"Location": f"batch/{created.batch.batch_id}"},
    )


def show_batch(request: Request) -> Response:
    from background_remover.http.requests import ItemsQuery, validated

    query = validated(ItemsQuery, request.query)
    batch = batches.get(request.user_id, request.path["batchId"])
    jobs, next_cursor = batches.items(batch, limit=query.limit, cursor=query.cursor)
    return Response(HTTPStatus.OK, batch_page(batch, [job_summary(job) for job in jobs], next_cursor, clock()))


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
)
handler = api.handler
