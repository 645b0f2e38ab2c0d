"""`GET /batch/{batchId}/download`: where the ZIP of a batch lies."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain.job_errors import (
    ArchiveExpiredError,
    ArchiveFailedError,
    ArchiveNotReadyError,
    NothingToDownloadError,
)
from background_remover.gateways.object_store import archive_key
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.batches import archive_link

ASSEMBLING_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 60.0

batches = deployment.batches()


def download(request: Request) -> Response:
    """302 for `Accept: application/zip`, else the link as JSON."""
    now = datetime.now(UTC)
    batch = batches.get(request.user_id, request.path["batchId"])
    if batch.archive_failure:
        raise ArchiveFailedError(batch.archive_failure.detail)
    if batch.has_ended and not batch.completed:
        raise NothingToDownloadError("No image of this batch was delivered, so there is no ZIP. Nothing was charged.")
    if not batch.archive:
        wait = batch.seconds_left(now)
        raise ArchiveNotReadyError(
            "The ZIP is being assembled." if batch.has_ended else "The batch is not over yet.",
            retry_after=min(LONGEST_WAIT_SECONDS, max(ASSEMBLING_SECONDS, wait or 0.0)),
        )
    if now >= batch.archive.ready_at + deployment.settings().input_retention:
        raise ArchiveExpiredError("The ZIP has reached its retention. Results are kept longer: GET jobs/{jobId}.")
    link = deployment.objects().link(archive_key(batch), file_name=f"batch-{batch.batch_id}.zip")
    if request.headers.get("accept", "").startswith("application/zip"):
        return Response(HTTPStatus.FOUND, headers={"Location": link})
    return Response(HTTPStatus.OK, archive_link(batch.archive, link, now))


api = Api({f"GET {PREFIX}/batch/{{batchId}}/download": download}, allowed_origins=deployment.settings().allowed_origins)
handler = api.handler
