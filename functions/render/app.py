"""`POST /jobs/{jobId}/render`: another rendering of a completed job."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from background_remover import deployment
from background_remover.http.api import PREFIX, Api
from background_remover.http.image_answer import accepted_format, image_answer
from background_remover.http.messages import Request, Response, decode_base64
from background_remover.http.representation.jobs import rendered_job
from background_remover.http.request_limits import RequestLimits
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.use_cases.render import Render


def clock() -> datetime:
    return datetime.now(UTC)


@cache
def make_rendering() -> Render:
    # Pillow and numpy are loaded with the first rendering, not for a request that is refused.
    from background_remover.use_cases.render import Render

    return Render(
        jobs=deployment.jobs(),
        objects=deployment.objects(),
        input_retention=deployment.settings().input_retention,
        clock=clock,
    )


def render(request: Request) -> Response:
    from background_remover.http.requests import RenderFields
    from background_remover.http.validation import json_object, validated_json

    job_id = request.path["jobId"]
    logger.append_keys(job_id=job_id)
    fields = validated_json(RenderFields, json_object(request.body()))
    accepted = accepted_format(request)
    backdrop = None if fields.background_image is None else decode_base64(fields.background_image)
    rendering = make_rendering()(
        request.user_id,
        job_id,
        refinement=fields.refinement,
        options_for=lambda tier: fields.options(tier, accepted, background_image=backdrop),
        backdrop=backdrop,
    )
    body = rendered_job(rendering, deployment.objects(), clock())
    if not accepted:
        return Response(HTTPStatus.OK, body)
    return image_answer(
        deployment.objects(),
        rendering.key,
        link=body["rendering"]["url"],
        size=rendering.size,
        content_type=rendering.content_type,
        body=body,
        job=f"../{job_id}",
    )


api = Api(
    {f"POST {PREFIX}/jobs/{{jobId}}/render": render},
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
