"""Jobs in DynamoDB: coming in, being worked on, ending, and being looked at."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.errors import JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import OVERDUE_AFTER, Failure, Job, JobStatus, Lease, Result, Submission
from background_remover.domain.pricing import settled
from background_remover.domain.tiers import TIERS
from background_remover.gateways import job_item
from background_remover.gateways.dynamodb import (
    TransactionRefusedError,
    creation,
    find,
    instant,
    query_page,
    to_item,
    update,
)
from background_remover.gateways.idempotency import made_before, remembering
from background_remover.gateways.job_writes import JobsMovedOnError, JobWrites
from background_remover.gateways.payer import Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.gateways.idempotency import IdempotencyKey
    from background_remover.gateways.payer import Bill, Payer

_HELD_BY_LEASE = "#status = :processing AND leaseHolder = :holder"


class LeaseLostError(Exception):
    """Somebody else took the job over, or ended it; what this worker made of it is not wanted any more."""


class JobStore:
    def __init__(self, client: DynamoDBClient, *, table: str, payer: Payer) -> None:
        self._client = client
        self._table = table
        self._payer = payer
        self._writes = JobWrites(client, table=table, payer=payer)

    # ---- coming in -------------------------------------------------------------------------------

    def submit(self, job: Job, idempotency: IdempotencyKey | None, now: datetime) -> Job:
        """Creates the job, covered by the user's plan, or with its price held.

        Where the idempotency key was used before, the job it made is returned. Raises `InsufficientCreditsError`,
        `IdempotencyKeyReusedError`, `JobNotFoundError` (the key's job was deleted).
        """
        order = Order(user_id=job.user_id, tier=job.tier, images=1, price=job.price, reference=job.job_id)

        def writes(bill: Bill) -> list[TransactWriteItemTypeDef]:
            paid = job_item.to_values(replace(job, price=bill.price, coverage=bill.coverage))
            put = creation(self._table, paid)
            if idempotency is None:
                return [put]
            return [put, remembering(idempotency, table=self._table, user_id=job.user_id, made=job.job_id, now=now)]

        try:
            bill = self._payer.pay(order, now, writes)
        except TransactionRefusedError as refusal:
            _, *earlier = refusal.found
            if earlier and earlier[0]:
                return self.get(job.user_id, made_before(earlier[0], idempotency))
            raise
        return replace(job, price=bill.price, coverage=bill.coverage)

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
        with _raising_lease_lost():
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
        return arrived

    # ---- work ------------------------------------------------------------------------------------

    def lease(self, user_id: str, job_id: str, lease: Lease, now: datetime) -> Job:
        """Takes the lease of a queued job, or of one whose lease ran out.

        Raises `JobNotFoundError`, `LeaseLostError` (the job has ended), `JobInProgressError` (`until` says how long).
        """
        try:
            item = update(
                self._client,
                {
                    "TableName": self._table,
                    "Key": self._writes.key(user_id, job_id),
                    "UpdateExpression": "SET #status = :processing, leaseHolder = :holder, leaseUntil = :until, "
                    "updatedAt = :now ADD attempts :one",
                    # The holder itself, because boto3 repeats a request whose answer got lost.
                    "ConditionExpression": "#status = :queued OR "
                    "(#status = :processing AND (leaseUntil < :now OR leaseHolder = :holder))",
                    "ExpressionAttributeNames": {"#status": "status"},
                    "ExpressionAttributeValues": to_item(
                        {
                            ":queued": JobStatus.QUEUED,
                            ":processing": JobStatus.PROCESSING,
                            ":holder": lease.holder,
                            ":until": instant(lease.until),
                            ":now": instant(now),
                            ":one": 1,
                        }
                    ),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            job = self.get(user_id, job_id)
            if job.has_ended:
                raise LeaseLostError from None
            raise JobInProgressError(
                "Another worker is on this job.", until=job.lease.until if job.lease else now
            ) from None
        return job_item.from_values(item)

    def remember_submission(self, job: Job, number: int, submission: Submission, now: datetime) -> Job:
        """Keeps where Hugging Face's queue has the job's look of that number, so that nobody submits it again.

        Raises `LeaseLostError`.
        """
        remembered = replace(job, submissions={**job.submissions, number: submission}, updated_at=now)
        with _raising_lease_lost():
            self._writes.change(
                remembered,
                f"SET {job_item.submission_name(number)} = :submission, updatedAt = :now",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job) | {":submission": asdict(submission)},
            )
        return remembered

    def hand_back(self, job: Job, now: datetime) -> Job:
        """Gives up the lease: the job waits in the queue again. Raises `LeaseLostError`."""
        due_at = job.next_look(now)
        waiting = replace(job, status=JobStatus.QUEUED, lease=None, updated_at=now, due_at=due_at)
        with _raising_lease_lost():
            self._writes.change(
                waiting,
                "SET #status = :status, updatedAt = :now, dueAt = :due REMOVE leaseHolder, leaseUntil",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job) | {":status": waiting.status, ":due": instant(due_at)},
            )
        return waiting

    # ---- ending ----------------------------------------------------------------------------------

    def complete(self, job: Job, result: Result, now: datetime) -> Job:
        """Records the delivered result, and `job.source`, and captures what the delivered tier costs of the held price.

        The rest of it is released. Raises `LeaseLostError`.
        """
        price = settled(job.price, TIERS[job.tier], TIERS[result.tier])
        completed = replace(
            job, status=JobStatus.COMPLETED, price=price, result=result, lease=None, updated_at=now, due_at=None
        )
        with _raising_lease_lost():
            self._writes.end(
                [completed],
                more=", #source = :source, #result = :result, price = :price",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job)
                | {
                    ":source": job_item.source_values(job.source),
                    ":result": job_item.result_values(result),
                    ":price": price,
                },
                reference=job.job_id,
                remitted=job.price - price,
            )
        return completed

    def fail(self, job: Job, failure: Failure, now: datetime) -> Job:
        """Records why there is no result and releases the held price. Raises `LeaseLostError`."""
        failed = replace(job, status=JobStatus.FAILED, failure=failure, lease=None, updated_at=now, due_at=None)
        with _raising_lease_lost():
            self._writes.end(
                [failed],
                more=", failure = :failure",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job) | {":failure": asdict(failure)},
                reference=job.job_id,
            )
        return failed

    def abandon(self, job: Job, failure: Failure, now: datetime) -> Job:
        """Fails a job on which nobody works, and releases its price. Raises `LeaseLostError` where somebody does."""
        failed = replace(job, status=JobStatus.FAILED, failure=failure, lease=None, updated_at=now, due_at=None)
        with _raising_lease_lost():
            self._writes.end(
                [failed],
                more=", failure = :failure",
                condition="#status = :seen AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)",
                values={":seen": job.status, ":failure": asdict(failure)},
                reference=job.job_id,
            )
        return failed

    def cancel(self, job: Job, now: datetime) -> Job:
        """Ends a job that has not begun and releases its price. Raises `LeaseLostError` where it has."""
        ended = self.end_unstarted([job], JobStatus.CANCELLED, now)
        if not ended:
            raise LeaseLostError
        return ended[0]

    def end_unstarted(self, jobs: Sequence[Job], status: JobStatus, now: datetime) -> list[Job]:
        """Cancels jobs that have not begun, or expires jobs whose photo did not come, and releases their prices.

        At most `JOBS_IN_A_TRANSACTION` of one batch, or one job without a batch. Those that moved on meanwhile are
        left as they are, and are not returned.
        """
        may_end = "#status = :awaiting"
        states: dict[str, object] = {":awaiting": JobStatus.AWAITING_UPLOAD}
        if status is JobStatus.CANCELLED:
            may_end += " OR #status = :queued"
            states[":queued"] = JobStatus.QUEUED
        ending = [replace(job, status=status, updated_at=now, due_at=None) for job in jobs]
        while ending:
            first, last = ending[0].job_id, ending[-1].job_id
            reference = first if len(ending) == 1 else f"{first}..{last}"
            try:
                self._writes.end(ending, condition=may_end, values=states, reference=reference)
            except JobsMovedOnError as error:
                ending = [job for job in ending if job not in error.jobs]
            else:
                break
        return ending

    def postpone(self, job: Job, due_at: datetime) -> None:
        """Has the reconciler look again at `due_at`. Raises `LeaseLostError` where the job moved on meanwhile."""
        with _raising_lease_lost():
            self._writes.change(
                job,
                "SET dueAt = :due",
                condition="#status = :seen",
                values={":due": instant(due_at), ":seen": job.status},
            )

    # ---- looking ---------------------------------------------------------------------------------

    def get(self, user_id: str, job_id: str) -> Job:
        """Raises `JobNotFoundError`."""
        item = find(self._client, table=self._table, partition=user_id, sort_key=f"{job_item.PREFIX}{job_id}")
        if item is None:
            raise JobNotFoundError(
                "You have no job of that id. It may have been deleted or have reached its retention."
            )
        return job_item.from_values(item)

    def page(
        self, user_id: str, *, limit: int, cursor: str | None, status: JobStatus | None, tier: str | None
    ) -> tuple[list[Job], str | None]:
        """A page of the user's jobs, newest first, and the cursor of the next; see `query_page`."""
        filters = {"status": status, "tier": tier}
        items, next_cursor = query_page(
            self._client,
            table=self._table,
            partition=user_id,
            prefix=job_item.PREFIX,
            newest_first=True,
            limit=limit,
            cursor=cursor,
            equal={name: value for name, value in filters.items() if value is not None},
        )
        return [job_item.from_values(item) for item in items], next_cursor

    def forget(self, job: Job) -> None:
        """Deletes the record of a job that has ended; its entries in the ledger stay."""
        self._client.delete_item(TableName=self._table, Key=self._writes.key(job.user_id, job.job_id))


def _lease_values(job: Job) -> dict[str, object]:
    return {":processing": JobStatus.PROCESSING, ":holder": job.lease.holder if job.lease else ""}


@contextmanager
def _raising_lease_lost() -> Iterator[None]:
    try:
        yield
    except JobsMovedOnError:
        raise LeaseLostError from None
