"""What is subject in a photo, by as many looks of the model as the job's tier takes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING

from background_remover.domain.image_errors import UnknownForegroundError
from background_remover.domain.inference_errors import InferenceError, InferenceUnavailableError
from background_remover.domain.jobs import Job, Quality, Submission
from background_remover.domain.tiers import TIERS, Tier, delivered_with
from background_remover.observability import logger
from imaging.looks import agreed, contradict, looks_at
from imaging.matte import Matte, read_matte
from imaging.quality import assess, require_foreground

if TYPE_CHECKING:
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.job_store import JobStore
    from imaging.photo import EncodedImage

LOOKS_AT_ONCE = max(tier.looks for tier in TIERS.values())

_THIRD = 2  # its number: the first look's is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """`looks`: how many mattes Hugging Face delivered, in `seconds`, for about so many `dollars`. `tier`: the one whose
    result they make."""

    matte: Matte
    quality: Quality
    tier: Tier
    looks: int
    seconds: float
    dollars: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FindForeground:
    """`inferences` bounds what several images at once ask of Hugging Face: each look takes one permit, and holds no
    other meanwhile."""

    jobs: JobStore
    hugging_face: HuggingFace
    clock: Callable[[], datetime]
    threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, max_workers=LOOKS_AT_ONCE))
    inferences: Semaphore = field(default_factory=partial(Semaphore, LOOKS_AT_ONCE))

    def __call__(self, job: Job, copy: EncodedImage, time_left: Callable[[], float]) -> Foreground:
        """The looks of the job's tier are taken at once; where two contradict each other, a third one decides.

        A look that found nothing would make the other's subject half transparent, and counts as one that failed. Where
        all failed, raises `InferenceUnavailableError` if one may come later, else the first look's `InferenceError` or
        `UnknownForegroundError`. Raises `LeaseLostError` as well. `time_left` in seconds.
        """
        tier = TIERS[job.tier]
        started, before = self.clock(), time_left()
        seen = self._first_looks(job, tier, copy, time_left)
        relied_on = seen
        if len(seen) == 2 and contradict(*seen):
            seen = seen + self._third_look(job, copy, time_left, took=before - time_left())
            # The mean of two that contradict each other would be a ghost.
            relied_on = seen if len(seen) == 3 else [max(seen, key=lambda matte: assess(matte).score)]
        matte = agreed(relied_on)
        return Foreground(
            matte=matte,
            quality=assess(matte),
            tier=delivered_with(tier, len(relied_on)),
            looks=len(seen),
            seconds=(self.clock() - started).total_seconds(),
            dollars=len(seen) * self.hugging_face.route(tier.model).dollars,
        )

    def require_open(self, job: Job) -> None:
        """Raises `InferenceUnavailableError` where nobody may ask for the job's looks now.

        What was submitted for one of them is looked after all the same.
        """
        if not any(submission.status_url for submission in job.submissions.values()):
            self.hugging_face.require_open(TIERS[job.tier].model)

    def _first_looks(self, job: Job, tier: Tier, copy: EncodedImage, time_left: Callable[[], float]) -> list[Matte]:
        calls = [self.threads.submit(self._look, job, number, copy, time_left) for number in range(tier.looks)]
        wait(calls)
        seen: list[Matte] = []
        errors: list[InferenceError | UnknownForegroundError] = []
        for call in calls:
            try:
                seen.append(call.result())
            except (InferenceError, UnknownForegroundError) as error:
                errors.append(error)
        _note(*errors)
        if not seen:
            raise next((error for error in errors if isinstance(error, InferenceUnavailableError)), errors[0])
        return seen

    def _third_look(self, job: Job, copy: EncodedImage, time_left: Callable[[], float], *, took: float) -> list[Matte]:
        """Nothing where it fails, or where less time is left than the first two `took`."""
        # What an earlier attempt has submitted is paid for, and may be ready.
        is_submitted = _THIRD in job.submissions and job.submissions[_THIRD].status_url
        if not is_submitted and time_left() < took:
            return []
        try:
            return [self._look(job, _THIRD, copy, time_left)]
        except (InferenceError, UnknownForegroundError) as error:
            _note(error)
            return []

    def _look(self, job: Job, number: int, copy: EncodedImage, time_left: Callable[[], float]) -> Matte:
        def remember(submission: Submission) -> None:
            self.jobs.remember_submission(job, number, submission, self.clock())

        model = TIERS[job.tier].model
        look = looks_at(self.hugging_face.route(model).border)[number]
        shown = look.of(copy)
        with self.inferences:
            answer = self.hugging_face.infer(
                model,
                shown,
                partial(read_matte, width=shown.width, height=shown.height),
                seconds=time_left(),
                submission=job.submissions.get(number),
                on_submission=remember,
            )
        matte = look.undone(answer, copy)
        require_foreground(matte)
        return matte


def _note(*errors: InferenceError | UnknownForegroundError) -> None:
    for error in errors:
        logger.warning("Hugging Face did not deliver", code=error.code, detail=error.detail)
