"""S3 tells of a new file: the photo of a job that awaits it, or one in the dropbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.gateways.s3_event import received_files
from background_remover.observability import logger, metrics
from background_remover.use_cases.receive_file import ReceiveFile

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def clock() -> datetime:
    return datetime.now(UTC)


receive_file = ReceiveFile(
    jobs=deployment.jobs(),
    batches=deployment.batches(),
    ledger=deployment.ledger(),
    objects=deployment.objects(),
    queue=deployment.queue(),
    archive_queue=deployment.archive_queue(),
    job_retention=deployment.settings().job_retention,
    clock=clock,
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """What fails is tried twice more by Lambda, then lies in the dead-letter queue."""
    for file in received_files(event):
        receive_file(file)
