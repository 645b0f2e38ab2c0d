"""How jobs change in DynamoDB. What moves credits is one transaction: balance, ledger, the batch's counts, the jobs.

The condition of every write names the state before it, so a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import Job, JobStatus
from background_remover.domain.webhooks import job_event
from background_remover.gateways import batch_item, job_item, payer
from background_remover.gateways.daily_use import DailyUseStore
from background_remover.gateways.dynamodb import TransactionRefusedError, creation, instant, to_item, transact, update
from background_remover.gateways.statistics_store import StatisticsStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

    from background_remover.domain.subscriptions import Coverage
    from background_remover.gateways.payer import Payer
    from background_remover.gateways.webhook_outbox import WebhookOutbox

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
_RESERVED = ("status", "result", "source")

JOBS_IN_A_TRANSACTION = 97 - payer.ACTIONS
"""Of 100 actions, some pay, one counts for the batch, one for the user and one for the user's day."""


class JobsMovedOnError(Exception):
    """These jobs are not in the state that the write needs; nothing was written."""

    def __init__(self, jobs: list[Job]) -> None:
        super().__init__(f"{len(jobs)} jobs moved on")
        self.jobs = jobs


class JobWrites:
    def __init__(self, client: DynamoDBClient, *, table: str, payer: Payer, outbox: WebhookOutbox) -> None:
        self._client = client
        self._table = table
        self._payer = payer
        self._outbox = outbox
        self._statistics = StatisticsStore(client, table=table)
        self._daily_use = DailyUseStore(client, table=table)

    def change(self, job: Job, expression: str, *, condition: str, values: Mapping[str, object]) -> None:
        """Writes what `expression` sets of a job that goes on. Raises `JobsMovedOnError`."""
        try:
            update(self._client, self._update(job, expression, condition, values))
        except self._client.exceptions.ConditionalCheckFailedException:
            raise JobsMovedOnError([job]) from None

    def record(self, job: Job) -> None:
        """Writes and counts a job that had ended before it began. Raises `TransactionRefusedError` for a known one."""
        deliveries = self._outbox.of(job_event(job))
        transact(
            self._client,
            [
                creation(self._table, job_item.to_values(job)),
                self._statistics.count([job]),
                *self._outbox.writes(deliveries),
            ],
        )
        self._outbox.sent(deliveries)

    def end(
        self,
        jobs: Sequence[Job],
        *,
        condition: str,
        values: Mapping[str, object],
        reference: str,
        more: str = "",
        remove: str = "",
        remitted: int = 0,
        uncovered: Coverage | None = None,
        uncharged: int = 0,
        besides: Sequence[TransactWriteItemTypeDef] = (),
    ) -> None:
        """Records that jobs have ended, as they are now, counts them, and captures or gives back what they cost.

        All belong to one user and one batch (or one job without a batch), and have one status and `updated_at`; at most
        `JOBS_IN_A_TRANSACTION`. `remitted` and `uncovered`: see `Payer.settle`. `uncharged` inferences were made that
        nobody pays for. `besides` is written in the same transaction, of one job. Raises `JobsMovedOnError`, and
        `TransactionRefusedError` where the money is not there.
        """
        first = jobs[0]
        # Jobs that end together did not begin: nobody is told of these.
        deliveries = self._outbox.of(job_event(first))
        expression = (
            f"SET #status = :status, updatedAt = :now, retireAt = keepUntil{more} "
            f"REMOVE leaseHolder, leaseUntil, dueShard, dueAt{remove}"
        )
        actions: list[TransactWriteItemTypeDef] = [
            *self._payer.settle(jobs, reference=reference, remitted=remitted, uncovered=uncovered),
            self._statistics.count(jobs),
            *self._daily_use.count(jobs, uncharged=uncharged),
            *([self._count(first.batch_id, jobs, remitted)] if first.batch_id else []),
            *besides,
            *self._outbox.writes(deliveries),
        ]
        before = len(actions)
        everything = {":status": first.status, **values}
        actions += [{"Update": self._update(job, expression, condition, everything)} for job in jobs]
        try:
            transact(self._client, actions)
        except TransactionRefusedError as refusal:
            moved_on = [job for job, found in zip(jobs, refusal.found[before:], strict=True) if found is not None]
            if not moved_on:
                raise  # The jobs are ours but their hold is not in the balance: a broken invariant.
            raise JobsMovedOnError(moved_on) from None
        self._outbox.sent(deliveries)

    def key(self, user_id: str, job_id: str) -> dict[str, Any]:
        return to_item({"pk": user_id, "sk": f"{job_item.PREFIX}{job_id}"})

    def _update(self, job: Job, expression: str, condition: str, values: Mapping[str, object]) -> UpdateTypeDef:
        # DynamoDB refuses names and values that the expressions do not use.
        used = f"{expression} {condition}"
        now = {":now": instant(job.updated_at)} if ":now" in used else {}
        return {
            "TableName": self._table,
            "Key": self.key(job.user_id, job.job_id),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in _RESERVED if f"#{name}" in used},
            "ExpressionAttributeValues": to_item(now | {**values}),
        }

    def _count(self, batch_id: str, jobs: Sequence[Job], remitted: int) -> TransactWriteItemTypeDef:
        """The batch's counters bear the names of the statuses."""
        status, price = jobs[0].status, sum(job.price for job in jobs)
        charged, released = (price, remitted) if status is JobStatus.COMPLETED else (0, price)
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"pk": jobs[0].user_id, "sk": f"{batch_item.PREFIX}{batch_id}"}),
                "UpdateExpression": f"SET updatedAt = :now ADD {status} :jobs, charged :charged, released :released",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": to_item(
                    {
                        ":now": instant(jobs[0].updated_at),
                        ":jobs": len(jobs),
                        ":charged": charged,
                        ":released": released,
                    }
                ),
            }
        }
