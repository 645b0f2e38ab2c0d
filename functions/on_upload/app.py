"""S3 tells of a new file: the photo of a job that awaits it, or one in the dropbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.gateways.s3_event import received_files
from background_remover.observability import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


receive_file = deployment.receive_file()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """What fails is tried twice more by Lambda, then lies in the dead-letter queue."""
    for file in received_files(event):
        receive_file(file)
