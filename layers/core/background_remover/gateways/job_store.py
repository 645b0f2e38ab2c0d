"""Jobs in DynamoDB. Each change of state that moves credits is one transaction with that movement.

The condition of every write names the state before it, so a repeat or a worker that lost its lease changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from background_remover.domain import credits
from background_remover.domain.credits import Movement
from background_remover.domain.errors import IdempotencyKeyReusedError, JobInProgressError, JobNotFoundError
from background_remover.domain.jobs import Failure, Job, JobStatus, Lease, Result, Submission
from background_remover.gateways import job_item
from background_remover.gateways.credit_ledger import CreditLedger, insufficient
from background_remover.gateways.dynamodb import (
    LONGEST_SORT_KEY,
    TransactionRefusedError,
    from_item,
    instant,
    query_newest_first,
    to_item,
    transact,
    update,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

IDEMPOTENCY_WINDOW = timedelta(hours=24)

_HELD_BY_LEASE = "#status = :processing AND leaseHolder = :holder"
_QUEUED = "#status = :queued"


class LeaseLostError(Exception):
    """Somebody else took the job over, or ended it; what this worker made of it is not wanted any more."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """`fingerprint` identifies the request's body; the same key with another fingerprint is refused."""

    key: str
    fingerprint: str


class JobStore:
    def __init__(self, client: DynamoDBClient, *, table: str, ledger: CreditLedger) -> None:
        self._client = client
        self._table = table
        self._ledger = ledger

    # ---- coming in -------------------------------------------------------------------------------

    def submit(self, job: Job, idempotency: IdempotencyKey | None, now: datetime) -> Job:
        """Creates the job and holds its price. Where the idempotency key was used before, the job it made is returned.

        Raises `InsufficientCreditsError`, `IdempotencyKeyReusedError`, `JobNotFoundError` (the key's job was deleted).
        """
        actions: list[TransactWriteItemTypeDef] = [
            *self._ledger.actions(job.user_id, credits.hold(job.price), reference=job.job_id, now=now),
            {
                "Put": {
                    "TableName": self._table,
                    "Item": to_item(job_item.to_values(job)),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
        if idempotency:
            actions.append(self._remember(job, idempotency, now))
        try:
            transact(self._client, actions)
        except TransactionRefusedError as refusal:
            balance, _, _, *earlier = refusal.found
            if earlier and earlier[0]:
                return self._earlier_job(job.user_id, earlier[0], idempotency)
            if balance == {}:
                # A moment earlier, so that the ledger shows the bonus before the hold.
                self._ledger.open_account(job.user_id, now - datetime.resolution)
                return self.submit(job, idempotency, now)
            if balance:
                raise insufficient(job.price, balance) from refusal
            raise
        return job

    def _remember(self, job: Job, idempotency: IdempotencyKey, now: datetime) -> TransactWriteItemTypeDef:
        expires = int((now + IDEMPOTENCY_WINDOW).timestamp())
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(
                    {
                        "pk": job.user_id,
                        "sk": f"idempotency#{idempotency.key}",
                        "fingerprint": idempotency.fingerprint,
                        "jobId": job.job_id,
                        "retireAt": expires,
                    }
                ),
                # DynamoDB deletes expired items late, so an expired record may still be there: it does not count.
                "ConditionExpression": "attribute_not_exists(pk) OR retireAt < :now",
                "ExpressionAttributeValues": to_item({":now": int(now.timestamp())}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _earlier_job(self, user_id: str, record: dict[str, Any], idempotency: IdempotencyKey | None) -> Job:
        if idempotency is None or record["fingerprint"] != idempotency.fingerprint:
            raise IdempotencyKeyReusedError(
                "This Idempotency-Key was used for a request with another body. Use a new key for a new request."
            )
        return self.get(user_id, record["jobId"])

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
                    "Key": self._key(user_id, job_id),
                    "UpdateExpression": "SET #status = :processing, leaseHolder = :holder, leaseUntil = :until, "
                    "updatedAt = :now ADD attempts :one",
                    # The holder itself, because boto3 repeats a request whose answer got lost.
                    "ConditionExpression": f"{_QUEUED} OR "
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

    def remember_submission(self, job: Job, submission: Submission, now: datetime) -> Job:
        """Keeps where Hugging Face's queue has the job, so that nobody submits it again. Raises `LeaseLostError`."""
        remembered = replace(job, submission=submission, updated_at=now)
        self._write(
            remembered,
            "SET submission = :submission, updatedAt = :now",
            condition=_HELD_BY_LEASE,
            values=self._lease_values(job) | {":submission": asdict(submission)},
        )
        return remembered

    def hand_back(self, job: Job, now: datetime) -> Job:
        """Gives up the lease: the job waits in the queue again. Raises `LeaseLostError`."""
        waiting = replace(job, status=JobStatus.QUEUED, lease=None, updated_at=now)
        self._write(
            waiting,
            "SET #status = :status, updatedAt = :now REMOVE leaseHolder, leaseUntil",
            condition=_HELD_BY_LEASE,
            values=self._lease_values(job) | {":status": waiting.status},
        )
        return waiting

    def complete(self, job: Job, result: Result, now: datetime) -> Job:
        """Records the delivered result and captures the held price. Raises `LeaseLostError`."""
        completed = replace(job, status=JobStatus.COMPLETED, result=result, lease=None, updated_at=now)
        self._write(
            completed,
            "SET #status = :status, updatedAt = :now, #result = :result REMOVE leaseHolder, leaseUntil",
            condition=_HELD_BY_LEASE,
            values=self._lease_values(job) | {":status": completed.status, ":result": job_item.result_values(result)},
            movement=credits.capture(job.price),
        )
        return completed

    def fail(self, job: Job, failure: Failure, now: datetime) -> Job:
        """Records why there is no result and releases the held price. Raises `LeaseLostError`."""
        failed = replace(job, status=JobStatus.FAILED, failure=failure, lease=None, updated_at=now)
        self._write(
            failed,
            "SET #status = :status, updatedAt = :now, failure = :failure REMOVE leaseHolder, leaseUntil",
            condition=_HELD_BY_LEASE,
            values=self._lease_values(job) | {":status": failed.status, ":failure": asdict(failure)},
            movement=credits.release(job.price),
        )
        return failed

    def cancel(self, job: Job, now: datetime) -> Job:
        """Takes a job out of the queue and releases its price. Raises `LeaseLostError` where it is not queued."""
        cancelled = replace(job, status=JobStatus.CANCELLED, updated_at=now)
        self._write(
            cancelled,
            "SET #status = :status, updatedAt = :now",
            condition=_QUEUED,
            values={":queued": JobStatus.QUEUED, ":status": cancelled.status},
            movement=credits.release(job.price),
        )
        return cancelled

    # ---- looking ---------------------------------------------------------------------------------

    def get(self, user_id: str, job_id: str) -> Job:
        """Raises `JobNotFoundError`."""
        key = self._key(user_id, job_id)
        # DynamoDB takes a longer key for a mistake, and no job has one.
        is_possible = len(key["sk"]["S"].encode()) <= LONGEST_SORT_KEY
        item = (
            self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            if is_possible
            else None
        )
        if not item:
            raise JobNotFoundError(
                "You have no job of that id. It may have been deleted or have reached its retention."
            )
        return job_item.from_values(from_item(item))

    def page(
        self, user_id: str, *, limit: int, cursor: str | None, status: JobStatus | None, tier: str | None
    ) -> tuple[list[Job], str | None]:
        """A page of the user's jobs, newest first, and the cursor of the next; see `query_newest_first`."""
        filters = {"status": status, "tier": tier}
        items, next_cursor = query_newest_first(
            self._client,
            table=self._table,
            partition=user_id,
            prefix=job_item.PREFIX,
            limit=limit,
            cursor=cursor,
            equal={name: value for name, value in filters.items() if value is not None},
        )
        return [job_item.from_values(item) for item in items], next_cursor

    def forget(self, job: Job) -> None:
        """Deletes the record of a job that has ended; its entries in the ledger stay."""
        self._client.delete_item(TableName=self._table, Key=self._key(job.user_id, job.job_id))

    # ---- writing ---------------------------------------------------------------------------------

    def _key(self, user_id: str, job_id: str) -> dict[str, Any]:
        return to_item({"pk": user_id, "sk": f"{job_item.PREFIX}{job_id}"})

    def _lease_values(self, job: Job) -> dict[str, object]:
        return {":processing": JobStatus.PROCESSING, ":holder": job.lease.holder if job.lease else ""}

    def _write(
        self,
        job: Job,
        expression: str,
        *,
        condition: str,
        values: dict[str, object],
        movement: Movement | None = None,
    ) -> None:
        """One conditional update of the job as of `job.updated_at`, with `movement` of its owner's credits."""
        names = {"#status": "status"} | ({"#result": "result"} if "#result" in expression else {})
        action: UpdateTypeDef = {
            "TableName": self._table,
            "Key": self._key(job.user_id, job.job_id),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item({":now": instant(job.updated_at), **values}),
        }
        if movement is None:
            try:
                update(self._client, action)
            except self._client.exceptions.ConditionalCheckFailedException:
                raise LeaseLostError from None
            return
        payment = self._ledger.actions(job.user_id, movement, reference=job.job_id, now=job.updated_at)
        try:
            transact(self._client, [*payment, {"Update": action}])
        except TransactionRefusedError as refusal:
            if refusal.found[-1] is None:
                raise  # The job is ours but its hold is not in the balance: a broken invariant, not a lost lease.
            raise LeaseLostError from None
