"""The service on an AWS account of its own: real gateways and use cases on moto, the stand-in as Hugging Face."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from PIL import Image

from background_remover.domain.batches import Batch
from background_remover.domain.jobs import Job, Options, Source
from background_remover.domain.subscriptions import Subscription, plan_named
from background_remover.domain.tiers import Model, tier_named
from background_remover.gateways.s3_event import ReceivedFile
from background_remover.gateways.work_queue import BatchMessage, JobMessage
from background_remover.use_cases.assemble_archive import AssembleArchive
from background_remover.use_cases.cancel_batch import cancel_batch
from background_remover.use_cases.close_batch import close_batch
from background_remover.use_cases.create_batch import BatchFile, BatchRequest, CreateBatch, CreatedBatch
from background_remover.use_cases.create_upload import CreateUpload, UploadRequest
from background_remover.use_cases.cut_out import CutOut
from background_remover.use_cases.erase_job import erase_job
from background_remover.use_cases.fetch_photo import FetchPhoto
from background_remover.use_cases.find_foreground import FindForeground
from background_remover.use_cases.known_mattes import KnownMattes
from background_remover.use_cases.process_at_once import ProcessAtOnce
from background_remover.use_cases.process_job import ProcessJob
from background_remover.use_cases.receive_file import ReceiveFile
from background_remover.use_cases.receive_payment import ReceivePayment
from background_remover.use_cases.reconcile import Reconcile
from background_remover.use_cases.remove_by_url import RemoveByUrl, UrlRemoval
from background_remover.use_cases.remove_image import Removal, RemoveImage
from background_remover.use_cases.remove_uploaded import RemoveUploaded, UploadedRemoval
from background_remover.use_cases.render import Render, Rendering
from background_remover.use_cases.subscribe import Subscribe
from tests.integration.jobs.aws_account import AwsAccount
from tests.stack.hugging_face.stand_in import TOKEN as TOKEN

INPUT_RETENTION = timedelta(days=7)
LEASE = timedelta(seconds=125)
SECONDS = 5.0
"""How long Hugging Face is waited for; no test waits that long."""


class Account(AwsAccount):
    """The use cases, each time as in a new container.

    With `at_once` set to 1, what a job does at the same time is done in a fixed order.
    """

    at_once = 4

    def cut_out(self) -> CutOut:
        return CutOut(
            jobs=self.jobs,
            objects=self.objects,
            queue=self.queue,
            find_foreground=FindForeground(
                jobs=self.jobs,
                hugging_face=self.hugging_face,
                clock=self.clock,
                threads=ThreadPoolExecutor(self.at_once),
            ),
            known_mattes=KnownMattes(
                jobs=self.jobs,
                objects=self.objects,
                hugging_face=self.hugging_face,
                input_retention=INPUT_RETENTION,
                clock=self.clock,
            ),
            clock=self.clock,
            threads=ThreadPoolExecutor(self.at_once),
        )

    def remove(self, removal: Removal) -> Job:
        remove_image = RemoveImage(
            jobs=self.jobs,
            intake=self.intake,
            objects=self.objects,
            queue=self.queue,
            hugging_face=self.hugging_face,
            cut_out=self.cut_out(),
            allowance=self.allowance,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        return remove_image(removal, time_left=lambda: SECONDS)

    def process_job(self) -> ProcessJob:
        return ProcessJob(
            jobs=self.jobs,
            batches=self.batches,
            objects=self.objects,
            queue=self.queue,
            fetch_photo=FetchPhoto(objects=self.objects, fetcher=self.image_fetcher),
            cut_out=self.cut_out(),
            allowance=self.allowance,
            clock=self.clock,
        )

    def process_at_once(self) -> ProcessAtOnce:
        return ProcessAtOnce(jobs=self.jobs, queue=self.queue, process_job=self.process_job())

    def remove_by_url(self, url: str, **asked: Any) -> Job:
        remove_by_url = RemoveByUrl(
            intake=self.intake,
            queue=self.queue,
            hugging_face=self.hugging_face,
            process_at_once=self.process_at_once(),
            allowance=self.allowance,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        removal = UrlRemoval(
            user_id="anna",
            tier=tier_named("basic"),
            url=url,
            options=Options(),
            file_name=None,
            idempotency_key=None,
            respond_async=False,
            anew=True,
        )
        return remove_by_url(replace(removal, **asked), time_left=lambda: SECONDS)

    def remove_uploaded(self, upload_id: str, **asked: Any) -> Job:
        remove_uploaded = RemoveUploaded(
            jobs=self.jobs,
            intake=self.intake,
            objects=self.objects,
            process_at_once=self.process_at_once(),
            clock=self.clock,
        )
        removal = UploadedRemoval("anna", upload_id, **{"accepted": None, "respond_async": False, **asked})
        return remove_uploaded(removal, time_left=lambda: SECONDS)

    def process(self, message: JobMessage) -> Job | None:
        return self.process_job()(message, time_left=lambda: SECONDS, lease_for=LEASE)

    def erase(self, job: Job, *, user_id: str | None = None) -> None:
        erase_job(
            self.jobs,
            self.batches,
            self.objects,
            self.archive_queue,
            user_id=user_id or job.user_id,
            job_id=job.job_id,
            now=self.clock(),
        )

    def render(
        self,
        job: Job,
        *,
        user_id: str | None = None,
        refinement: str | None = None,
        options: Options | None = None,
        backdrop: bytes | None = None,
    ) -> Rendering:
        render = Render(jobs=self.jobs, objects=self.objects, input_retention=INPUT_RETENTION, clock=self.clock)
        return render(
            user_id or job.user_id,
            job.job_id,
            refinement=refinement,
            options_for=lambda _: options or Options(),
            backdrop=backdrop,
        )

    def receive_payment(self) -> ReceivePayment:
        return ReceivePayment(
            dynamodb=self.dynamodb,
            ledger=self.ledger,
            subscriptions=self.subscriptions,
            payments=self.payments,
            clock=self.clock,
        )

    def subscribing(self) -> Subscribe:
        return Subscribe(
            dynamodb=self.dynamodb, subscriptions=self.subscriptions, payments=self.payments, clock=self.clock
        )

    def subscribe(self, plan: str, *, user_id: str = "anna", payment_id: str = "p1") -> Subscription:
        """Pays for the plan and subscribes to it."""
        self.receive_payment().succeeded(payment_id, user_id, plan=plan)
        return self.subscribing()(user_id, plan_named(plan), payment_id)

    def create_upload(self, user_id: str = "anna", *, anew: bool = True) -> Job:
        create = CreateUpload(
            intake=self.intake,
            models=Model,
            allowance=self.allowance,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        return create(
            UploadRequest(
                user_id=user_id,
                tier=tier_named("basic"),
                source=Source(content_type="image/png", file_name="photo.png"),
                options=Options(),
                idempotency_key=None,
                anew=anew,
            )
        )

    def create_batch(
        self, *contents: bytes | str | None, key: str | None = None, tier: str = "basic", anew: bool = True
    ) -> CreatedBatch:
        """None for a photo that will be uploaded, a URL for one that will be fetched. `anew` as in `removal`."""
        create = CreateBatch(
            batches=self.batches,
            objects=self.objects,
            queue=self.queue,
            models=Model,
            allowance=self.allowance,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        source = Source(content_type="image/png", file_name="photo.png")
        files = [
            BatchFile(replace(source, url=content)) if isinstance(content, str) else BatchFile(source, content)
            for content in contents
        ]
        return create(
            BatchRequest(
                user_id="anna",
                tier=tier_named(tier),
                options=Options(),
                files=files,
                idempotency_key=key,
                anew=anew,
            )
        )

    def receive(self, file: ReceivedFile) -> None:
        receive_file = ReceiveFile(
            jobs=self.jobs,
            intake=self.intake,
            batches=self.batches,
            ledger=self.ledger,
            objects=self.objects,
            queue=self.queue,
            archive_queue=self.archive_queue,
            job_retention=timedelta(days=30),
            clock=self.clock,
        )
        receive_file(file)

    def process_and_close(self, message: JobMessage) -> None:
        """What the worker's handler does with one message."""
        job = self.process(message)
        if job and job.batch_id and job.has_ended:
            close_batch(self.batches, self.archive_queue, user_id=job.user_id, batch_id=job.batch_id, now=self.clock())

    def cancel_batch(self, batch_id: str) -> Batch:
        return cancel_batch(
            self.batches, self.jobs, self.archive_queue, user_id="anna", batch_id=batch_id, now=self.clock()
        )

    def assemble(self, message: BatchMessage) -> None:
        AssembleArchive(batches=self.batches, objects=self.objects, clock=self.clock)(message)

    def reconcile(self) -> Reconcile:
        return Reconcile(
            jobs=self.jobs,
            intake=self.intake,
            batches=self.batches,
            overdue=self.overdue,
            objects=self.objects,
            queue=self.queue,
            archive_queue=self.archive_queue,
            clock=self.clock,
        )


def now(account: Account, job: Job) -> Job:
    """As it is stored."""
    return account.jobs.get(job.user_id, job.job_id)


def batch_now(account: Account, batch: Batch) -> Batch:
    """As it is stored."""
    return account.batches.get(batch.user_id, batch.batch_id)


def later(account: Account, **by: int) -> None:
    """Time passes, and the reconciler looks."""
    account.clock.advance(timedelta(**by))
    account.reconcile().sweep()


@cache
def photo(colour: str = "teal", *, width: int = 32, height: int = 24) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(encoded, "PNG")
    return encoded.getvalue()


def removal(
    content: bytes | None = None,
    *,
    user_id: str = "anna",
    tier: str = "basic",
    key: str | None = None,
    respond_async: bool = False,
    options: Options | None = None,
    anew: bool = True,
) -> Removal:
    """By default each is worked on, as the photos of most tests are the same."""
    return Removal(
        user_id=user_id,
        tier=tier_named(tier),
        content=photo() if content is None else content,
        options=options or Options(),
        file_name="photo.png",
        idempotency_key=key,
        respond_async=respond_async,
        anew=anew,
    )
