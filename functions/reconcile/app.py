"""The reconciler: every minute it looks at what is overdue, and at once at what lies in the dead-letter queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from background_remover import deployment
from background_remover.gateways import work_queue
from background_remover.gateways.s3_event import received_files
from background_remover.observability import count, logger, metrics
from background_remover.use_cases.reconcile import Reconcile
from background_remover.use_cases.send_due_deliveries import SendDueDeliveries

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


def clock() -> datetime:
    return datetime.now(UTC)


processor = BatchProcessor(event_type=EventType.SQS)
reconcile = Reconcile(
    jobs=deployment.jobs(),
    intake=deployment.intake(),
    batches=deployment.batches(),
    overdue=deployment.overdue(),
    objects=deployment.objects(),
    queue=deployment.queue(),
    archive_queue=deployment.archive_queue(),
    clock=clock,
)
send_due_deliveries = SendDueDeliveries(
    deliveries=deployment.deliveries(), overdue=deployment.overdue(), queue=deployment.webhook_queue(), clock=clock
)
receive_file = deployment.receive_file()


def bury(record: SQSRecord) -> None:
    """A message of one of the queues, or the S3 event that `on_upload` failed with, as Lambda wraps it.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    body = json.loads(record.body)
    logger.error("A dead letter", letter=body)
    count("DeadLetters")
    if "requestPayload" in body:
        for file in received_files(body["requestPayload"]):
            receive_file(file)
    else:
        reconcile.dead_letter(work_queue.parse(record.body))


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> object:
    if "Records" in event:
        return process_partial_response(event, bury, processor, context)
    try:
        reconcile.sweep()
    finally:
        send_due_deliveries()
    return None
