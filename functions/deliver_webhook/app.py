"""Posts an event to the URL that its user named for it. It may touch nothing but webhooks and their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from background_remover import deployment
from background_remover.gateways import webhook_post, work_queue
from background_remover.gateways.public_https import PublicHttps
from background_remover.observability import logger, metrics
from background_remover.use_cases.deliver_webhook import DeliverWebhook

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

processor = BatchProcessor(event_type=EventType.SQS)
https = PublicHttps()


def post(url: str, headers: Mapping[str, str], body: str) -> int:
    return webhook_post.post(https, url, headers=headers, body=body)


deliver_webhook = DeliverWebhook(
    webhooks=deployment.webhooks(), deliveries=deployment.deliveries(), post=post, clock=lambda: datetime.now(UTC)
)


def deliver(record: SQSRecord) -> None:
    message = work_queue.parse(record.body)
    if not isinstance(message, work_queue.DeliveryMessage):
        raise TypeError(f"The message names no delivery: {record.body}")
    logger.append_keys(webhook_id=message.webhook_id, event_id=message.event_id)
    deliver_webhook(message)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> object:
    return process_partial_response(event, deliver, processor, context)
