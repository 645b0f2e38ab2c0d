"""The photo of a job that names its URL: fetched once, by whoever works on the job first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from background_remover.gateways.object_store import input_key

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job
    from background_remover.gateways.image_fetcher import ImageFetcher
    from background_remover.gateways.object_store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPhoto:
    objects: ObjectStore
    fetcher: ImageFetcher

    def __call__(self, job: Job) -> None:
        """Afterwards it is in the bucket, unless the job has no URL. Raises what `ImageFetcher.fetch` raises."""
        if job.source.url and self.objects.head(input_key(job)) is None:
            self.fetcher.fetch(job.source.url, key=input_key(job))
