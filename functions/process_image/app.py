"""The worker: takes jobs off the queue, several at once, as most of the time goes into waiting for Hugging Face."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Semaphore
from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.gateways import work_queue
from background_remover.gateways.work_queue import JobMessage, WakeMessage
from background_remover.observability import logger, metrics, observe
from background_remover.settings import inferences_at_once
from background_remover.use_cases.close_batch import close_batch
from background_remover.use_cases.cut_out import CutOut
from background_remover.use_cases.fetch_photo import FetchPhoto
from background_remover.use_cases.find_foreground import LOOKS_AT_ONCE, FindForeground
from background_remover.use_cases.known_mattes import KnownMattes
from background_remover.use_cases.memory_room import MemoryRoom
from background_remover.use_cases.process_job import ProcessJob
from background_remover.use_cases.wake_endpoint import WakeEndpoint

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MESSAGES_AT_ONCE = 10  # The event source's BatchSize.

ROOM = 2_200_000_000
"""Bytes for pixels, of the 3 GB that the function has; ten photos as files and what is imported take the rest."""

PIXEL_SECONDS = 30.0
"""What decoding, compositing, encoding and storing a 50-megapixel photo may take besides the wait for Hugging Face."""


def clock() -> datetime:
    return datetime.now(UTC)


messages = ThreadPoolExecutor(MESSAGES_AT_ONCE)
process_job = ProcessJob(
    jobs=deployment.jobs(),
    batches=deployment.batches(),
    objects=deployment.objects(),
    queue=deployment.queue(),
    fetch_photo=FetchPhoto(objects=deployment.objects(), fetcher=deployment.image_fetcher()),
    cut_out=CutOut(
        jobs=deployment.jobs(),
        objects=deployment.objects(),
        queue=deployment.queue(),
        find_foreground=FindForeground(
            jobs=deployment.jobs(),
            hugging_face=deployment.hugging_face(),
            clock=clock,
            threads=ThreadPoolExecutor(LOOKS_AT_ONCE * MESSAGES_AT_ONCE),
            inferences=Semaphore(inferences_at_once()),
        ),
        known_mattes=KnownMattes(
            jobs=deployment.jobs(),
            objects=deployment.objects(),
            hugging_face=deployment.hugging_face(),
            input_retention=deployment.settings().input_retention,
            clock=clock,
        ),
        clock=clock,
        threads=ThreadPoolExecutor(2 * MESSAGES_AT_ONCE),  # Of each a matte and a thumbnail are stored.
        room=MemoryRoom(ROOM),
    ),
    allowance=deployment.allowance(),
    clock=clock,
)
wake_endpoint = WakeEndpoint(states=deployment.model_states(), hugging_face=deployment.hugging_face(), clock=clock)


def process(record: dict[str, Any], lambda_context: LambdaContext) -> None:
    def remaining() -> float:
        return lambda_context.get_remaining_time_in_millis() / 1000

    try:
        message = work_queue.parse(record["body"])
        if isinstance(message, WakeMessage):
            wake_endpoint(message)
            return
        if not isinstance(message, JobMessage):
            raise TypeError(f"The message names no job: {message}")
        logger.thread_safe_append_keys(job_id=message.job_id)
        waited = clock().timestamp() - int(record["attributes"]["SentTimestamp"]) / 1000
        job = process_job(
            message, time_left=lambda: remaining() - PIXEL_SECONDS, lease_for=timedelta(seconds=remaining() + 5)
        )
        if job and job.attempts == 1:
            observe("QueueWaitSeconds", max(0.0, waited))  # Later attempts waited because we said so.
        if job and job.batch_id and job.has_ended:
            close_batch(
                deployment.batches(),
                deployment.archive_queue(),
                user_id=job.user_id,
                batch_id=job.batch_id,
                now=clock(),
            )
    except Exception:
        logger.exception("The job could not be processed")
        raise
    finally:
        logger.thread_safe_clear_keys()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Messages that fail are reported, and come again; with nothing but failures the invocation fails as well, so that
    it is counted and its alarm goes off."""
    records = event["Records"]
    running = [messages.submit(process, record, context) for record in records]
    failures = [future.exception() for future in running]
    if all(failures):
        raise RuntimeError(f"none of {len(records)} jobs could be processed") from failures[0]
    failed = [record["messageId"] for record, failure in zip(records, failures, strict=True) if failure]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
