"""The assembler: makes the archive of a batch when all its jobs have ended."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from background_remover import deployment
from background_remover.gateways import work_queue
from background_remover.observability import logger, metrics
from background_remover.use_cases.assemble_archive import AssembleArchive

# With nothing but failures the invocation fails as well: it is counted, its alarm goes off, and SQS tries again.
processor = BatchProcessor(event_type=EventType.SQS)
assemble_archive = AssembleArchive(
    batches=deployment.batches(), objects=deployment.objects(), clock=lambda: datetime.now(UTC)
)


def process(record: SQSRecord) -> None:
    try:
        message = work_queue.parse(record.body)
        if not isinstance(message, work_queue.BatchMessage):
            raise TypeError(f"The message names no batch: {record.body}")
        logger.append_keys(batch_id=message.batch_id)
        assemble_archive(message)
    except Exception:
        logger.exception("The archive could not be assembled")
        raise


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, process, processor, context)
