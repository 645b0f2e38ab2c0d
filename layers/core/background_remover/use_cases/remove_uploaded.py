"""A photo that was uploaded: cut out within the request, unless the worker that its arrival called is quicker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import JobNotFoundError, UploadMissingError
from background_remover.domain.jobs import Job, JobStatus
from background_remover.domain.request_errors import NotAcceptableError
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.object_store import input_key

if TYPE_CHECKING:
    from background_remover.domain.jobs import OutputFormat
    from background_remover.gateways.job_intake import JobIntake
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore
    from background_remover.use_cases.process_at_once import ProcessAtOnce


@dataclass(frozen=True, slots=True)
class UploadedRemoval:
    """`upload_id` is the id of the job that `POST /uploads` made. `accepted`: the one format that is of use."""

    user_id: str
    upload_id: str
    accepted: OutputFormat | None
    respond_async: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUploaded:
    jobs: JobStore
    intake: JobIntake
    objects: ObjectStore
    process_at_once: ProcessAtOnce
    clock: Callable[[], datetime]

    def __call__(self, removal: UploadedRemoval, *, time_left: Callable[[], float]) -> Job:
        """The job, ended if `time_left()` seconds for Hugging Face were enough, else in the worker's hands.

        A repeat gets the job as it is then. Raises `JobNotFoundError`, `NotAcceptableError` and `UploadMissingError`.
        """
        job = self.jobs.get(removal.user_id, removal.upload_id)
        if job.batch_id:
            raise JobNotFoundError("You have no upload of that id. The images of a batch are worked on by themselves.")
        if removal.accepted not in (None, job.options.format):
            raise NotAcceptableError(
                f"The Accept header asks for {removal.accepted}, the upload was made for {job.options.format}."
            )
        if job.status is JobStatus.AWAITING_UPLOAD:
            job = self._arrived(job)
        if job.status is not JobStatus.QUEUED or removal.respond_async:
            return job
        return self.process_at_once(job, time_left=time_left)

    def _arrived(self, job: Job) -> Job:
        """S3 tells `on_upload` of the photo as well, at this moment or a little later."""
        size = self.objects.sizes(input_key(job)).get(input_key(job))
        if not size:
            raise UploadMissingError("The photo is not there yet. Send it to the form of POST uploads first.")
        try:
            return self.intake.arrive(job, size, self.clock())
        except LeaseLostError:
            return self.jobs.get(job.user_id, job.job_id)
