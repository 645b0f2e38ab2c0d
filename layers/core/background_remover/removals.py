"""How one image is removed within a request: the use cases of the functions that do so, wired once per container.

For functions with the imaging layer only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from background_remover import deployment
from background_remover.use_cases.cut_out import CutOut
from background_remover.use_cases.fetch_photo import FetchPhoto
from background_remover.use_cases.find_foreground import FindForeground
from background_remover.use_cases.known_mattes import KnownMattes
from background_remover.use_cases.process_at_once import ProcessAtOnce
from background_remover.use_cases.process_job import ProcessJob
from background_remover.use_cases.remove_by_url import RemoveByUrl, UrlRemoval
from background_remover.use_cases.remove_image import Removal, RemoveImage
from background_remover.use_cases.remove_uploaded import RemoveUploaded, UploadedRemoval

if TYPE_CHECKING:
    from background_remover.domain.jobs import Job

type Wanted = Removal | UploadedRemoval | UrlRemoval


@cache
def remove_photo() -> Callable[[Wanted, Callable[[], float]], Job]:
    """What makes a job of what is wanted, with so many seconds left for Hugging Face."""

    def clock() -> datetime:
        return datetime.now(UTC)

    jobs, intake, objects = deployment.jobs(), deployment.intake(), deployment.objects()
    queue, hugging_face = deployment.queue(), deployment.hugging_face()
    allowance = deployment.allowance()
    find_foreground = FindForeground(jobs=jobs, hugging_face=hugging_face, clock=clock)
    known_mattes = KnownMattes(
        jobs=jobs,
        objects=objects,
        hugging_face=hugging_face,
        input_retention=deployment.settings().input_retention,
        clock=clock,
    )
    cut_out = CutOut(
        jobs=jobs,
        objects=objects,
        queue=queue,
        find_foreground=find_foreground,
        known_mattes=known_mattes,
        clock=clock,
    )
    remove_image = RemoveImage(
        jobs=jobs,
        intake=intake,
        objects=objects,
        queue=queue,
        hugging_face=hugging_face,
        cut_out=cut_out,
        allowance=allowance,
        job_retention=deployment.settings().job_retention,
        clock=clock,
    )
    process_job = ProcessJob(
        jobs=jobs,
        batches=deployment.batches(),
        objects=objects,
        queue=queue,
        fetch_photo=FetchPhoto(objects=objects, fetcher=deployment.image_fetcher()),
        cut_out=cut_out,
        allowance=allowance,
        clock=clock,
    )
    process_at_once = ProcessAtOnce(jobs=jobs, queue=queue, process_job=process_job)
    remove_uploaded = RemoveUploaded(
        jobs=jobs, intake=intake, objects=objects, process_at_once=process_at_once, clock=clock
    )
    remove_by_url = RemoveByUrl(
        intake=intake,
        queue=queue,
        hugging_face=hugging_face,
        process_at_once=process_at_once,
        allowance=allowance,
        job_retention=deployment.settings().job_retention,
        clock=clock,
    )

    def remove(wanted: Wanted, time_left: Callable[[], float]) -> Job:
        match wanted:
            case Removal():
                return remove_image(wanted, time_left=time_left)
            case UrlRemoval():
                return remove_by_url(wanted, time_left=time_left)
        return remove_uploaded(wanted, time_left=time_left)

    return remove
