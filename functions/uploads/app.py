"""`POST /uploads`: a job that awaits its photo, and the form to upload it with. Its arrival in S3 starts the job."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain.jobs import Source, announced_type
from background_remover.domain.tiers import TIERS
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.jobs import job_with_upload
from background_remover.http.request_limits import RequestLimits
from background_remover.use_cases.create_upload import CreateUpload, UploadRequest


def clock() -> datetime:
    return datetime.now(UTC)


create = CreateUpload(
    intake=deployment.intake(),
    models=deployment.settings().served_models,
    allowance=deployment.allowance(),
    job_retention=deployment.settings().job_retention,
    clock=clock,
)


def create_upload(request: Request) -> Response:
    from background_remover.http.batch_request import require_uploadable
    from background_remover.http.headers import asks_anew, idempotency_key
    from background_remover.http.requests import UploadFields
    from background_remover.http.validation import json_object, validated_json

    fields = validated_json(UploadFields, json_object(request.body()))
    require_uploadable(fields.size, fields.file_name or "size")
    job = create(
        UploadRequest(
            user_id=request.user_id,
            tier=TIERS[fields.tier],
            source=Source(
                content_type=announced_type(fields.content_type), size=fields.size, file_name=fields.file_name
            ),
            options=fields.options(TIERS[fields.tier]),
            idempotency_key=idempotency_key(request.headers),
            anew=asks_anew(request.headers),
        )
    )
    body = job_with_upload(job, deployment.objects(), clock())
    return Response(HTTPStatus.CREATED, body, {"Location": f"jobs/{job.job_id}"})


api = Api(
    {f"POST {PREFIX}/uploads": create_upload},
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
