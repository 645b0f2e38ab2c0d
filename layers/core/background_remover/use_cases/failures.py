"""Photos that are not delivered, as metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from background_remover.domain.image_errors import PhotoLostError
from background_remover.domain.inference_errors import InferenceUnavailableError, InvalidMatteError
from background_remover.domain.job_errors import JobAbandonedError
from background_remover.observability import measure, observe

if TYPE_CHECKING:
    from background_remover.domain.errors import DomainError
    from background_remover.domain.jobs import Job

_OURS = (InferenceUnavailableError, InvalidMatteError, JobAbandonedError, PhotoLostError)


def measure_failure(job: Job, error: DomainError) -> None:
    """A photo that its sender has to change is refused; it fails where we or Hugging Face are to blame. Only failures
    lower the success rate, as nobody can mend the photos that people send."""
    measure({"ImagesFailed" if isinstance(error, _OURS) else "ImagesRefused": 1}, by={"code": error.code})
    observe("CreditsReleased", job.price)
