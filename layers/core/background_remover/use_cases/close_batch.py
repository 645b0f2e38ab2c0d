"""What follows when the last job of a batch has ended: its archive is asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import BatchNotFoundError
from background_remover.gateways.work_queue import message_for_batch

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.work_queue import WorkQueue


def close_batch(batches: BatchStore, archive_queue: WorkQueue, *, user_id: str, batch_id: str, now: datetime) -> None:
    """For whoever ended a job of the batch. Until the last has ended nothing happens; then the first to call asks.

    Should it die before it asked, the reconciler does.
    """
    try:
        batch = batches.get(user_id, batch_id)
    except BatchNotFoundError:
        return  # It has reached its retention.
    if not batch.has_ended:
        return
    if not batch.completed:
        batches.close(batch)
    elif batch.archive_requests == 0 and batches.request_archive(batch, now):
        archive_queue.send(message_for_batch(batch))
