"""A file that arrived in the bucket: the photo of a job that awaits it, or one that somebody dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.account_errors import UnknownUserError
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.errors import DomainError
from background_remover.domain.image_errors import EmptyImageError, ImageTooLargeError, PhotoReplacedError
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.jobs import (
    LARGEST_UPLOAD,
    LONGEST_FILE_NAME,
    OVERDUE_AFTER,
    UNKNOWN_TYPE,
    Failure,
    Job,
    JobStatus,
    Options,
    Source,
    job_id,
)
from background_remover.domain.request_errors import UnknownTierError
from background_remover.domain.tiers import tier_named
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import DROPBOX, INPUTS, ObjectChangedError, input_key
from background_remover.gateways.work_queue import message_for
from background_remover.observability import count, logger
from background_remover.use_cases.close_batch import close_batch
from background_remover.use_cases.failures import measure_failure

if TYPE_CHECKING:
    from background_remover.gateways.batch_store import BatchStore
    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.gateways.s3_event import ReceivedFile
    from background_remover.gateways.work_queue import WorkQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveFile:
    jobs: JobStore
    intake: JobIntake
    batches: BatchStore
    ledger: CreditLedger
    objects: ObjectStore
    queue: WorkQueue
    archive_queue: WorkQueue
    job_retention: timedelta
    clock: Callable[[], datetime]

    def __call__(self, file: ReceivedFile) -> None:
        """Puts the file's job in line, or fails it. A repeat changes nothing."""
        match file.key.split("/", 3):
            case [folder, user_id, awaiting_id] if folder == INPUTS:
                self._awaited(file, user_id, awaiting_id)
            case [folder, user_id, tier, name] if folder == DROPBOX and user_id and name:
                self._dropped(file, user_id, tier, name)
            case _:
                logger.warning("A file that belongs to nobody", key=file.key)
                count("FilesIgnored")

    # ---- inputs/{userId}/{jobId} -------------------------------------------------------------------

    def _awaited(self, file: ReceivedFile, user_id: str, awaiting_id: str) -> None:
        try:
            job = self.jobs.get(user_id, awaiting_id)
            if job.status is JobStatus.AWAITING_UPLOAD:
                job = self._arrived(job, file)
        except JobNotFoundError:
            logger.info("The photo came after its job was erased", key=file.key)
            self.objects.delete([file.key])
            return
        if job.status is JobStatus.QUEUED:
            self.queue.send(message_for(job))
        elif job.status in (JobStatus.EXPIRED, JobStatus.CANCELLED):
            logger.info("The photo came after its job had ended", key=file.key, status=job.status)
            self.objects.delete([file.key])

    def _arrived(self, job: Job, file: ReceivedFile) -> Job:
        try:
            if error := _unacceptable(file):
                failed = self.jobs.abandon(job, _failure(error), self.clock())
                self._report(failed, error, file)
                self.objects.delete([file.key])
                if job.batch_id:
                    self._close_batch(job.user_id, job.batch_id)
                return failed
            return self.intake.arrive(job, file.size, self.clock())
        except LeaseLostError:
            return self.jobs.get(job.user_id, job.job_id)  # A repeat of this event was quicker, or the job ended.

    def _report(self, refused: Job, error: DomainError, file: ReceivedFile) -> None:
        logger.warning("The file is refused", key=file.key, code=error.code)
        measure_failure(refused, error)

    def _close_batch(self, user_id: str, batch_id: str) -> None:
        close_batch(self.batches, self.archive_queue, user_id=user_id, batch_id=batch_id, now=self.clock())

    # ---- dropbox/{userId}/{tier}/{name} ------------------------------------------------------------

    def _dropped(self, file: ReceivedFile, user_id: str, tier: str, name: str) -> None:
        job = self._job_for(file, user_id, tier, name)
        try:
            job = self.jobs.get(user_id, job.job_id)
        except JobNotFoundError:
            job = self._take_on(job, file)
        if job.status is JobStatus.QUEUED:
            job = self._move_in(job, file)
        if job.status is JobStatus.QUEUED:
            self.queue.send(message_for(job))

    def _take_on(self, job: Job, file: ReceivedFile) -> Job:
        """The job, with its price held; or failed, if that cannot be."""
        try:
            if not self.ledger.has_account(job.user_id):
                raise UnknownUserError("There is no such user. A user is known after the first call of the API.")
            if error := _unacceptable(file):
                raise error
            priced = replace(job, price=tier_named(job.tier).credits)
            return self.intake.submit(priced, None, self.clock())
        except (
            UnknownUserError,
            UnknownTierError,
            ImageTooLargeError,
            EmptyImageError,
            InsufficientCreditsError,
        ) as error:
            refused = replace(job, status=JobStatus.FAILED, failure=_failure(error), due_at=None)
            self.intake.record_refusal(refused)
            self._report(refused, error, file)
            self.objects.delete_version(file.key, etag=file.etag)
            return refused

    def _move_in(self, job: Job, file: ReceivedFile) -> Job:
        """The file becomes the job's photo, so that nobody can overwrite or forget it in the dropbox."""
        try:
            self.objects.copy(file.key, input_key(job), etag=file.etag)
        except ObjectChangedError:
            return self._replaced(job)
        self.objects.delete_version(file.key, etag=file.etag)
        return job

    def _replaced(self, job: Job) -> Job:
        """The dropped file is gone: an earlier delivery of this event moved it, or somebody overwrote it."""
        if input_key(job) in self.objects.sizes(input_key(job)):
            return job
        error = PhotoReplacedError("The file was overwritten or removed before it was taken in.")
        try:
            return self.jobs.abandon(job, _failure(error), self.clock())
        except LeaseLostError:
            return self.jobs.get(job.user_id, job.job_id)

    def _job_for(self, file: ReceivedFile, user_id: str, tier: str, name: str) -> Job:
        """Of one write and its every repeat the same job."""
        now = file.written_at
        entropy = hashlib.sha256(f"{file.key} {file.sequencer}".encode()).digest()[:10]
        return Job(
            user_id=user_id,
            job_id=job_id(now, entropy),
            tier=tier,
            price=0,
            status=JobStatus.QUEUED,
            source=Source(content_type=UNKNOWN_TYPE, size=file.size, file_name=name[-LONGEST_FILE_NAME:]),
            options=Options(),
            created_at=now,
            updated_at=now,
            retire_at=now + self.job_retention,
            due_at=self.clock() + OVERDUE_AFTER,
        )


def _unacceptable(file: ReceivedFile) -> ImageTooLargeError | EmptyImageError | None:
    if file.size > LARGEST_UPLOAD:
        return ImageTooLargeError(f"The image has {file.size} bytes; at most {LARGEST_UPLOAD} are taken.")
    return EmptyImageError("The file is empty.") if file.size == 0 else None


def _failure(error: DomainError) -> Failure:
    return Failure(error.code, error.detail)
