"""The reconciler: ends or restarts what was left over, so that no job stays open and no hold stays held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from background_remover.domain.batches import ARCHIVE_ATTEMPTS
from background_remover.domain.job_errors import (
    ArchiveFailedError,
    BatchNotFoundError,
    JobAbandonedError,
    JobNotFoundError,
)
from background_remover.domain.jobs import GRACE, Failure, Job, JobStatus
from background_remover.gateways import batch_item, job_item
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.job_writes import JOBS_IN_A_TRANSACTION
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import (
    BatchMessage,
    DeliveryMessage,
    JobMessage,
    WakeMessage,
    message_for,
    message_for_batch,
)
from background_remover.observability import count, logger
from background_remover.use_cases.cancel_batch import end_unstarted
from background_remover.use_cases.close_batch import close_batch
from background_remover.use_cases.failures import measure_failure

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.overdue import OverdueIndex
    from background_remover.gateways.work_queue import Message, WorkQueue

LOOKED_AT = 250
"""How many overdue jobs and batches of each shard one run looks at; the next run finds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    jobs: JobStore
    intake: JobIntake
    batches: BatchStore
    overdue: OverdueIndex
    objects: ObjectStore
    queue: WorkQueue
    archive_queue: WorkQueue
    clock: Callable[[], datetime]

    # ---- on schedule -------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Looks at everything that is overdue. It may run at any time, twice, and beside anything else.

        What cannot be looked at keeps nothing else from it: the errors are raised together at the end.
        """
        now = self.clock()
        errors: list[Exception] = []
        awaiting: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)
        for key in self.overdue.before(now, limit=LOOKED_AT):
            with _collected(errors, key.sort_key):
                if key.sort_key.startswith(batch_item.PREFIX):
                    self._look_at_batch(key.user_id, key.sort_key.removeprefix(batch_item.PREFIX), now)
                elif job := self._overdue_job(key.user_id, key.sort_key.removeprefix(job_item.PREFIX), now):
                    if job.status is JobStatus.AWAITING_UPLOAD:
                        awaiting[job.user_id, job.batch_id or job.job_id].append(job)
                    else:
                        self._look_at_job(job, now)
        for uploads in awaiting.values():
            with _collected(errors, uploads[0].job_id):
                self._look_for_uploads(uploads, now)
        if errors:
            raise ExceptionGroup("not everything that is overdue could be looked at", errors)

    def _overdue_job(self, user_id: str, job_id: str, now: datetime) -> Job | None:
        """None where it has ended or moved on since the index was written, or its batch never came to be."""
        try:
            job = self.jobs.get(user_id, job_id)
            if job.due_at is None or job.due_at > now:
                return None
            if job.batch_id:
                self.batches.get(user_id, job.batch_id)
        except JobNotFoundError:
            return None
        except BatchNotFoundError:
            logger.warning("A job whose batch was never made is removed", job_id=job_id)
            self.objects.delete([input_key(job)])
            self.batches.forget_items([job])
            return None
        return job

    def _look_at_job(self, job: Job, now: datetime) -> None:
        try:
            if job.lease and job.lease.until >= now:
                self.jobs.postpone(job, job.lease.until + GRACE)
            elif job.is_out_of_patience(now):
                self._abandon(job, "The job was not finished within hours.", now)
            else:
                logger.warning("An overdue job is put in line again", job_id=job.job_id, status=job.status)
                count("JobsRequeued")
                self.jobs.postpone(job, job.next_look(now))
                self.queue.send(message_for(job))
        except LeaseLostError:
            return  # It moved on this very moment.

    def _look_for_uploads(self, jobs: list[Job], now: datetime) -> None:
        """Expires what did not come. What did, though nobody heard of it, is put in line."""
        first = jobs[0]
        there = self.objects.sizes(input_key(first) if first.batch_id is None else _batch_prefix(first))
        for job in jobs:
            if size := there.get(input_key(job)):
                self._look_at_arrival(job, size, now)
        missing = [job for job in jobs if not there.get(input_key(job))]
        for some in batched(missing, JOBS_IN_A_TRANSACTION, strict=False):
            expired = self.jobs.end_unstarted(some, JobStatus.EXPIRED, now)
            logger.info("Uploads did not come", expired=len(expired))
        self._close(first, now)

    def _look_at_arrival(self, job: Job, size: int, now: datetime) -> None:
        try:
            self.queue.send(message_for(self.intake.arrive(job, size, now)))
        except LeaseLostError:
            return  # Its event came this very moment.

    def _look_at_batch(self, user_id: str, batch_id: str, now: datetime) -> None:
        try:
            batch = self.batches.get(user_id, batch_id)
        except BatchNotFoundError:
            return
        if batch.due_at is None or batch.due_at > now:
            return
        if not batch.has_ended:
            # Its jobs have deadlines of their own.
            self.batches.postpone(batch, now + GRACE)
            if batch.cancel_requested_at:
                end_unstarted(self.batches, self.jobs, self.archive_queue, batch, now)
        elif not batch.completed:
            self.batches.close(batch)
        elif batch.archive_requests >= ARCHIVE_ATTEMPTS:
            self._give_up_archive(batch)
        elif self.batches.request_archive(batch, now):
            self.archive_queue.send(message_for_batch(batch))

    # ---- from the dead-letter queue ----------------------------------------------------------------

    def dead_letter(self, message: Message) -> None:
        """Ends what could not be worked on, whatever was tried."""
        match message:
            case JobMessage(user_id, job_id):
                self._dead_job(user_id, job_id)
            case BatchMessage(user_id, batch_id):
                try:
                    batch = self.batches.get(user_id, batch_id)
                except BatchNotFoundError:
                    return
                if batch.archive is None:
                    self._give_up_archive(batch)
            case WakeMessage():
                return  # Whoever needs the endpoint wakes it.
            case DeliveryMessage():
                return  # When the event is due, it is sent again.

    def _dead_job(self, user_id: str, job_id: str) -> None:
        now = self.clock()
        try:
            job = self.jobs.get(user_id, job_id)
            if not job.has_ended:
                self._abandon(job, "The image could not be processed, although it was tried several times.", now)
        except (JobNotFoundError, LeaseLostError):
            return  # It is gone, or somebody is on it: then its deadline is looked at.

    # ---- ending ------------------------------------------------------------------------------------

    def _abandon(self, job: Job, detail: str, now: datetime) -> None:
        logger.error("A job is abandoned", job_id=job.job_id, status=job.status, attempts=job.attempts)
        error = JobAbandonedError(f"{detail} Nothing was charged.")
        self.jobs.abandon(job, Failure(error.code, error.detail), now)
        count("Abandoned")
        measure_failure(job, error)
        self._close(job, now)

    def _give_up_archive(self, batch: Batch) -> None:
        logger.error("An archive is given up", batch_id=batch.batch_id)
        detail = "The ZIP could not be assembled. Get the results one by one: GET /batch/{batchId} lists their jobs."
        self.batches.fail_archive(batch, Failure(ArchiveFailedError.code, detail))
        count("Abandoned")

    def _close(self, job: Job, now: datetime) -> None:
        if job.batch_id:
            close_batch(self.batches, self.archive_queue, user_id=job.user_id, batch_id=job.batch_id, now=now)


@contextmanager
def _collected(errors: list[Exception], looked_at: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        logger.exception("What is overdue could not be looked at", looked_at=looked_at)
        errors.append(error)


def _batch_prefix(job: Job) -> str:
    """What the inputs of all jobs of the job's batch begin with."""
    return input_key(job).rpartition("-")[0] + "-"
