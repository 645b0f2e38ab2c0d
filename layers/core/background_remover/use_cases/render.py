"""Another rendering of a completed job, from the photo and the matte that were kept: no inference, no credits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from background_remover.domain.file_names import EXTENSIONS, saved_name
from background_remover.domain.job_errors import (
    JobNotFoundError,
    NothingToRenderError,
    RenderingExpiredError,
    TooManyRenderingsError,
)
from background_remover.domain.jobs import Job, Options, Result
from background_remover.domain.request_errors import InvalidParameterError
from background_remover.domain.tiers import Tier, tiers_up_to
from background_remover.gateways.object_store import input_key, matte_key, render_key, renders_prefix
from imaging.backdrop import inspect_backdrop, read_backdrop
from imaging.cutout import CONTENT_TYPES
from imaging.framing import delivery, framed_cutout
from imaging.matte import decode_matte
from imaging.photo import decode

if TYPE_CHECKING:
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore

MOST_RENDERINGS = 100
"""Files per job. Renderings that are made at the same time do not see each other, and may go a little beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A file in the bucket, `size` in bytes. `refinement` names a tier, `seconds` is how long it took to make.

    `file_name` is what it is saved as.
    """

    job_id: str
    file_name: str
    refinement: str
    key: str
    content_type: str
    width: int
    height: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """`input_retention` is how long photos and mattes are kept."""

    jobs: JobStore
    objects: ObjectStore
    input_retention: timedelta
    clock: Callable[[], datetime]
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, max_workers=1))

    def __call__(
        self,
        user_id: str,
        job_id: str,
        *,
        refinement: str | None,
        options_for: Callable[[Tier], Options],
        backdrop: bytes | None = None,
    ) -> Rendering:
        """The rendering; made once, however often it is asked for.

        `refinement` names a tier, by default the one that the job was delivered as; `options_for` says what is wanted
        with the refinement of that tier. `backdrop` is the file of the background image that these options name. Raises
        `JobNotFoundError`, `NothingToRenderError`, `RenderingExpiredError`, `InvalidParameterError` for a tier above
        the job's, `TooManyRenderingsError`, `ImageError`, and what `options_for` raises.
        """
        job = self.jobs.get(user_id, job_id)
        result = _result_of(job)
        if self.clock() >= job.created_at + self.input_retention:
            raise self._expired()
        tier = _refinement_up_to(result.tier, refinement)
        options = options_for(tier)
        made_before = self._made_before(job, tier, options)
        if made_before:
            return made_before
        if len(self.objects.sizes(renders_prefix(job))) >= MOST_RENDERINGS:
            raise self._too_many()
        if backdrop is not None:
            inspect_backdrop(backdrop)
        return self._make(job, tier, options, backdrop)

    def _made_before(self, job: Job, tier: Tier, options: Options) -> Rendering | None:
        key = render_key(job, tier.name, options)
        stored = self.objects.head(key)
        if stored is None:
            return None
        size, metadata = stored
        return Rendering(
            job_id=job.job_id,
            file_name=saved_name(job.source.file_name or job.job_id, EXTENSIONS[options.format]),
            refinement=tier.name,
            key=key,
            content_type=CONTENT_TYPES[options.format],
            width=int(metadata["width"]),
            height=int(metadata["height"]),
            size=size,
            seconds=int(metadata["milliseconds"]) / 1000,
        )

    def _make(self, job: Job, tier: Tier, options: Options, backdrop: bytes | None) -> Rendering:
        started = self.clock()
        reading = self.threads.submit(self.objects.get, matte_key(job))
        photo, matte = self.objects.get(input_key(job)), reading.result()
        if photo is None or matte is None:
            self.jobs.get(job.user_id, job.job_id)  # Raises `JobNotFoundError` where it was erased meanwhile.
            raise self._expired()
        framed = framed_cutout(
            decode(photo), decode_matte(matte), tier.refinement, options, looked_at=job.options.region
        )
        file = delivery(framed, options, None if backdrop is None else lambda: read_backdrop(backdrop).photo)
        milliseconds = round((self.clock() - started).total_seconds() * 1000)
        rendering = Rendering(
            job_id=job.job_id,
            file_name=saved_name(job.source.file_name or job.job_id, EXTENSIONS[options.format]),
            refinement=tier.name,
            key=render_key(job, tier.name, options),
            content_type=file.content_type,
            width=file.width,
            height=file.height,
            size=len(file.content),
            seconds=milliseconds / 1000,
        )
        metadata = {"width": str(file.width), "height": str(file.height), "milliseconds": str(milliseconds)}
        self.objects.put(rendering.key, file.content, file.content_type, metadata=metadata)
        self._take_back_if_erased(job, rendering)
        return rendering

    def _take_back_if_erased(self, job: Job, rendering: Rendering) -> None:
        """Whoever erases a job looks for renderings after its record is gone: that, or this, finds every one."""
        try:
            self.jobs.get(job.user_id, job.job_id)
        except JobNotFoundError:
            self.objects.delete([rendering.key])
            raise

    def _too_many(self) -> TooManyRenderingsError:
        return TooManyRenderingsError(
            f"The job has {MOST_RENDERINGS} renderings, the most there may be. Use one of those that are there: asked "
            "for again it is answered as before. Or wait until they go with the photo, which is kept for "
            f"{self.input_retention.days} days."
        )

    def _expired(self) -> RenderingExpiredError:
        return RenderingExpiredError(
            f"Photo and matte of this job are not there any more; they are kept for {self.input_retention.days} days. "
            "Send the photo again with POST remove."
        )


def _result_of(job: Job) -> Result:
    """Raises `NothingToRenderError`."""
    if job.result:
        return job.result
    what_to_do = (
        "Send the photo again with POST remove." if job.has_ended else "Ask GET jobs/{jobId} until it has completed."
    )
    raise NothingToRenderError(
        f"The job is “{job.status}” and has no result to make a rendering of. {what_to_do}", jobStatus=job.status
    )


def _refinement_up_to(delivered: str, wanted: str | None) -> Tier:
    """Raises `InvalidParameterError` where the wanted tier is above the one that was delivered."""
    allowed = tiers_up_to(delivered)
    if wanted is None:
        return allowed[delivered]
    if wanted not in allowed:
        raise InvalidParameterError(
            f"The job was delivered as {delivered}: its refinement can be {' or '.join(allowed)}. "
            f"For {wanted}, send the photo again with POST remove.",
            errors=[{"field": "refinement", "message": f"is above the job's tier, {delivered}"}],
        )
    return allowed[wanted]
