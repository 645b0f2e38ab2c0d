"""The worker: takes jobs off the queue, where `remove` put them because Hugging Face was cold or slow."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from background_remover import deployment
from background_remover.gateways import work_queue
from background_remover.observability import logger, metrics
from background_remover.use_cases.cut_out import CutOut
from background_remover.use_cases.process_job import ProcessJob

PIXEL_SECONDS = 30.0
"""What decoding, compositing, encoding and storing a 50-megapixel photo may take besides the wait for Hugging Face."""


def clock() -> datetime:
    return datetime.now(UTC)


# With nothing but failures the invocation fails as well: it is counted, its alarm goes off, and SQS tries again.
processor = BatchProcessor(event_type=EventType.SQS)
process_job = ProcessJob(
    jobs=deployment.jobs(),
    objects=deployment.objects(),
    queue=deployment.queue(),
    cut_out=CutOut(
        jobs=deployment.jobs(),
        objects=deployment.objects(),
        queue=deployment.queue(),
        hugging_face=deployment.hugging_face(),
        clock=clock,
    ),
    clock=clock,
)


def process(record: SQSRecord, lambda_context: LambdaContext) -> None:
    def remaining() -> float:
        return lambda_context.get_remaining_time_in_millis() / 1000

    try:
        message = work_queue.parse(record.body)
        logger.append_keys(job_id=message.job_id)
        process_job(
            message, time_left=lambda: remaining() - PIXEL_SECONDS, lease_for=timedelta(seconds=remaining() + 5)
        )
    except Exception:
        logger.exception("The job could not be processed")
        raise


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, process, processor, context)
