"""What a job or a batch cannot do, or what became of it."""

from datetime import datetime

from background_remover.domain.errors import DomainError


class JobNotFoundError(DomainError):
    """The caller has no such job."""

    code = "job_not_found"


class JobInProgressError(DomainError):
    """A worker holds the job's lease until `until`; what was asked for has to wait."""

    code = "job_in_progress"

    def __init__(self, detail: str, *, until: datetime) -> None:
        super().__init__(detail)
        self.until = until


class JobAbandonedError(DomainError):
    """The job could not be finished, for reasons on our side."""

    code = "abandoned"


class UploadMissingError(DomainError):
    """The photo of the job has not been uploaded yet."""

    code = "upload_missing"


class BatchNotFoundError(DomainError):
    """The caller has no such batch."""

    code = "batch_not_found"


class BatchEndedError(DomainError):
    """The batch has ended: there is nothing left to cancel."""

    code = "batch_ended"


class ArchiveNotReadyError(DomainError):
    """The batch is not over, or its ZIP is still being assembled: ask again after `retry_after` seconds."""

    code = "archive_not_ready"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ArchiveFailedError(DomainError):
    """The ZIP could not be assembled; the results can be had one by one."""

    code = "archive_failed"


class ArchiveExpiredError(DomainError):
    """The ZIP has reached its retention."""

    code = "archive_expired"


class NothingToDownloadError(DomainError):
    """No image of the batch succeeded, so there is no ZIP."""

    code = "nothing_to_download"


class NothingToRenderError(DomainError):
    """The job has no result, and so nothing to make another rendering of; `jobStatus` says how it stands."""

    code = "nothing_to_render"


class RenderingExpiredError(DomainError):
    """Photo and matte of the job have reached their retention: another rendering needs a new removal."""

    code = "rendering_expired"


class TooManyRenderingsError(DomainError):
    """The job has as many renderings as one may have; they go with its photo."""

    code = "too_many_renderings"
