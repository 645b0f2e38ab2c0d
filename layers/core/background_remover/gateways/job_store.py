"""Jobs in DynamoDB: being worked on, ending, and being looked at. How they come in: `job_intake`."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.job_errors import JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import Failure, Job, JobStatus, Lease, Result, Submission
from background_remover.domain.pricing import settled
from background_remover.domain.tiers import TIERS
from background_remover.gateways import job_item
from background_remover.gateways.dynamodb import (
    TransactionRefusedError,
    find,
    instant,
    query_page,
    to_item,
    transact,
    update,
)
from background_remover.gateways.job_writes import JobsMovedOnError, JobWrites
from background_remover.gateways.known_matte import KnownMatte, forgetting, known_matte, remembering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.gateways.payer import Payer
    from background_remover.gateways.webhook_outbox import WebhookOutbox

_HELD_BY_LEASE = "#status = :processing AND leaseHolder = :holder"


class LeaseLostError(Exception):
    """Somebody else took the job over, or ended it; what this worker made of it is not wanted any more."""


class JobStore:
    def __init__(self, client: DynamoDBClient, *, table: str, payer: Payer, outbox: WebhookOutbox) -> None:
        self._client = client
        self._table = table
        self._writes = JobWrites(client, table=table, payer=payer, outbox=outbox)

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

    def complete(self, job: Job, result: Result, now: datetime, *, known: KnownMatte | None = None) -> Job:
        """Records the delivered result, and `job.source`, and captures what the delivered tier costs of the held price.

        The rest of it is released. Where it was made from the matte of another job, nothing is captured, and what was
        taken from a quota is given back. From now on `known` is the photo's. Raises `LeaseLostError`.
        """
        is_free = job.matte_of is not None
        price = 0 if is_free else settled(job.price, TIERS[job.tier], TIERS[result.tier])
        completed = replace(
            job,
            status=JobStatus.COMPLETED,
            price=price,
            coverage=None if is_free else job.coverage,
            result=result,
            lease=None,
            updated_at=now,
            due_at=None,
        )
        changes = {
            ":source": job_item.source_values(job.source),
            ":result": job_item.result_values(result),
            ":price": price,
        } | ({":matte": job.matte_of} if is_free else {})
        more = ", #source = :source, #result = :result, price = :price"
        with _raising_lease_lost():
            self._writes.end(
                [completed],
                more=more + (", matteOf = :matte" if is_free else ""),
                remove=", coverage" if is_free else "",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job) | changes,
                reference=job.job_id,
                remitted=job.price - price,
                uncovered=job.coverage if is_free else None,
                besides=[remembering(job, known, table=self._table)] if known else [],
            )
        return completed

    def fail(self, job: Job, failure: Failure, now: datetime, *, uncharged: int = 0) -> Job:
        """Records why there is no result and releases the held price. Raises `LeaseLostError`.

        `uncharged` inferences were made for it, which count against the user's allowance.
        """
        failed = replace(job, status=JobStatus.FAILED, failure=failure, lease=None, updated_at=now, due_at=None)
        with _raising_lease_lost():
            self._writes.end(
                [failed],
                more=", failure = :failure",
                condition=_HELD_BY_LEASE,
                values=_lease_values(job) | {":failure": asdict(failure)},
                reference=job.job_id,
                uncharged=uncharged,
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
        left as they are, and are not returned. What waits in Hugging Face's queue was paid for by us, and counts
        against the user's allowance.
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
                self._writes.end(
                    ending,
                    condition=may_end,
                    values=states,
                    reference=reference,
                    uncharged=sum(job.submitted for job in ending),
                )
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

    def known_matte(self, job: Job) -> KnownMatte | None:
        """Of the job's photo in its tier; perhaps past its time."""
        return known_matte(self._client, job, table=self._table)

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
        """Deletes the record of a job that has ended, and what its matte is known by; its ledger entries stay."""
        if job.result and job.source.sha256 and not job.matte_of:
            with suppress(TransactionRefusedError):  # Another's is known by now, or none.
                transact(self._client, [forgetting(job, table=self._table)])
        self._client.delete_item(TableName=self._table, Key=self._writes.key(job.user_id, job.job_id))


def _lease_values(job: Job) -> dict[str, object]:
    return {":processing": JobStatus.PROCESSING, ":holder": job.lease.holder if job.lease else ""}


@contextmanager
def _raising_lease_lost() -> Iterator[None]:
    try:
        yield
    except JobsMovedOnError:
        raise LeaseLostError from None
