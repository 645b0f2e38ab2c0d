"""How jobs come in: paid for, once for each Idempotency-Key, with their photo or before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from background_remover.domain.jobs import OVERDUE_AFTER, JobStatus
from background_remover.gateways import job_item
from background_remover.gateways.dynamodb import TransactionRefusedError, creation, instant, transact
from background_remover.gateways.idempotency import made_before, made_lately, remembering
from background_remover.gateways.job_store import LeaseLostError
from background_remover.gateways.job_writes import JobsMovedOnError, JobWrites
from background_remover.gateways.payer import Order

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.domain.jobs import Job
    from background_remover.gateways.idempotency import IdempotencyKey
    from background_remover.gateways.job_store import JobStore
    from background_remover.gateways.payer import Bill, Payer
    from background_remover.gateways.webhook_outbox import WebhookOutbox


class JobIntake:
    def __init__(
        self, client: DynamoDBClient, *, table: str, payer: Payer, outbox: WebhookOutbox, jobs: JobStore
    ) -> None:
        self._client = client
        self._table = table
        self._payer = payer
        self._jobs = jobs
        self._writes = JobWrites(client, table=table, payer=payer, outbox=outbox)

    def submit(self, job: Job, idempotency: IdempotencyKey | None, now: datetime) -> Job:
        """Creates the job, covered by the user's plan, or with its price held.

        Where the idempotency key was used before, the job it made is returned. Raises `InsufficientCreditsError`,
        `IdempotencyKeyReusedError`, `JobNotFoundError` (the key's job was deleted).
        """
        order = Order(user_id=job.user_id, tier=job.tier, images=1, price=job.price, reference=job.job_id)

        def writes(bill: Bill) -> list[TransactWriteItemTypeDef]:
            return self._creating(replace(job, price=bill.price, coverage=bill.coverage), idempotency, now)

        try:
            bill = self._payer.pay(order, now, writes)
        except TransactionRefusedError as refusal:
            return self._made_earlier(job, refusal, idempotency)
        return replace(job, price=bill.price, coverage=bill.coverage)

    def submit_free(self, job: Job, idempotency: IdempotencyKey | None, now: datetime) -> Job:
        """As `submit`, but it costs nothing, as its matte is known."""
        try:
            transact(self._client, self._creating(job, idempotency, now))
        except TransactionRefusedError as refusal:
            return self._made_earlier(job, refusal, idempotency)
        return job

    def record_refusal(self, job: Job) -> None:
        """Keeps a job that failed before it was paid for. A repeat changes nothing."""
        try:
            self._writes.record(job)
        except TransactionRefusedError:
            return

    def arrive(self, job: Job, size: int, now: datetime) -> Job:
        """The photo of a job that awaits it is there, with so many bytes. Raises `LeaseLostError` where it does not."""
        source = replace(job.source, size=size)
        due_at = now + OVERDUE_AFTER
        arrived = replace(job, status=JobStatus.QUEUED, source=source, updated_at=now, due_at=due_at)
        try:
            self._writes.change(
                arrived,
                "SET #status = :status, #source = :source, updatedAt = :now, dueAt = :due",
                condition="#status = :awaiting",
                values={
                    ":status": arrived.status,
                    ":source": job_item.source_values(source),
                    ":due": instant(due_at),
                    ":awaiting": JobStatus.AWAITING_UPLOAD,
                },
            )
        except JobsMovedOnError:
            raise LeaseLostError from None
        return arrived

    def remembers(self, user_id: str, idempotency: IdempotencyKey, now: datetime) -> bool:
        """Whether a job or batch was made with this key. Raises `IdempotencyKeyReusedError`."""
        return made_lately(self._client, idempotency, table=self._table, user_id=user_id, now=now) is not None

    def _creating(self, job: Job, idempotency: IdempotencyKey | None, now: datetime) -> list[TransactWriteItemTypeDef]:
        put = creation(self._table, job_item.to_values(job))
        if idempotency is None:
            return [put]
        return [put, remembering(idempotency, table=self._table, user_id=job.user_id, made=job.job_id, now=now)]

    def _made_earlier(self, job: Job, refusal: TransactionRefusedError, idempotency: IdempotencyKey | None) -> Job:
        _, *earlier = refusal.found
        if earlier and earlier[0]:
            return self._jobs.get(job.user_id, made_before(earlier[0], idempotency))
        raise refusal
