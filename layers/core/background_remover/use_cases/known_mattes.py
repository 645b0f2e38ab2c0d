"""Mattes that are there already: of the same bytes, for the same user, in the same tier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.tiers import TIERS
from background_remover.gateways.known_matte import KnownMatte
from background_remover.gateways.object_store import matte_key
from background_remover.use_cases.find_foreground import Foreground
from imaging.matte import decode_matte

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.hugging_face.client import HuggingFace
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.object_store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownForeground(Foreground):
    """`original`: the earlier job that it was found for."""

    original: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMattes:
    """`input_retention` is how long mattes are kept."""

    jobs: JobStore
    objects: ObjectStore
    hugging_face: HuggingFace
    input_retention: timedelta
    clock: Callable[[], datetime]

    def find(self, job: Job) -> KnownForeground | None:
        """What was found in the job's photo before; None where nothing was, or its job or matte is gone.

        Nor is it looked for where it may not be used: its sender wants an inference, or one was submitted, which is
        paid for already. Raises `TierUnavailableError`.
        """
        if job.anew or job.submissions:
            return None
        known = self.jobs.known_matte(job)
        if known is None or known.made_by != self._maker(job) or known.until <= self.clock():
            return None
        try:
            original = self.jobs.get(job.user_id, known.job_id)
        except JobNotFoundError:
            return None
        matte = self.objects.get(matte_key(original))
        if matte is None or original.result is None:
            return None
        return KnownForeground(
            matte=decode_matte(matte),
            quality=original.result.quality,
            tier=TIERS[job.tier],
            looks=0,
            seconds=0.0,
            dollars=0.0,
            original=original,
        )

    def made(self, job: Job, found: Foreground) -> KnownMatte | None:
        """What may be known of the job's photo from now on: nothing new, where the matte was known or is a lesser
        tier's."""
        if isinstance(found, KnownForeground) or found.tier.name != job.tier or job.source.sha256 is None:
            return None
        until = min(job.created_at + self.input_retention, job.retire_at)
        return KnownMatte(job.job_id, made_by=self._maker(job), until=until)

    def _maker(self, job: Job) -> str:
        """Identifies the tier's model as it is configured. Hashed, as headers may be secret."""
        tier = TIERS[job.tier]
        route = self.hugging_face.route(tier.model)
        asked = (tier.model.value, tier.looks, route.url, route.dialect, sorted(route.headers.items()), route.border)
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
