"""Batches in DynamoDB, beside their jobs: `{pk: user, sk: "batch#<id>"}`. Jobs count themselves (`job_writes`)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from background_remover.domain.batches import ARCHIVE_OVERDUE_AFTER, Archive, Batch
from background_remover.domain.credit_errors import ContentionError, InsufficientCreditsError
from background_remover.domain.job_errors import BatchNotFoundError
from background_remover.domain.jobs import GRACE, Failure, Job
from background_remover.domain.webhooks import batch_event
from background_remover.gateways import batch_item, job_item
from background_remover.gateways.dynamodb import (
    TransactionRefusedError,
    creation,
    find,
    instant,
    query_page,
    to_item,
    transact,
    update_if,
    write_all,
)
from background_remover.gateways.idempotency import made_before, made_lately, remembering
from background_remover.gateways.payer import Order, insufficient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.idempotency import IdempotencyKey
    from background_remover.gateways.payer import Bill, Payer
    from background_remover.gateways.webhook_outbox import WebhookOutbox


class BatchStore:
    def __init__(
        self, client: DynamoDBClient, *, table: str, ledger: CreditLedger, payer: Payer, outbox: WebhookOutbox
    ) -> None:
        self._client = client
        self._table = table
        self._ledger = ledger
        self._payer = payer
        self._outbox = outbox

    # ---- coming in -------------------------------------------------------------------------------

    def submit(
        self, batch: Batch, jobs: Sequence[Job], idempotency: IdempotencyKey | None, now: datetime
    ) -> tuple[Batch, list[Job]]:
        """Creates the batch with its jobs, covered whole by the user's plan, or with its whole price held.

        Where the idempotency key was used before, the batch that it made is returned. Raises
        `InsufficientCreditsError`, `IdempotencyKeyReusedError`, `BatchNotFoundError` (the key's batch was retired).
        """
        if idempotency and (
            made := made_lately(self._client, idempotency, table=self._table, user_id=batch.user_id, now=now)
        ):
            return self._made(batch.user_id, made)

        written: Sequence[Job] = []

        def writes(bill: Bill) -> list[TransactWriteItemTypeDef]:
            if bill.coverage is None:
                balance = self._ledger.balance(batch.user_id, now)
                if balance.available < bill.price:
                    raise insufficient(bill.price, balance)
            # The jobs come first, as 500 do not fit into a transaction. Nobody knows of them before the batch is there;
            # should this end in between, the reconciler finds jobs without a batch and removes them.
            nonlocal written
            written = _billed_jobs(jobs, bill)
            items = [to_item(job_item.to_values(job)) for job in written]
            write_all(self._client, self._table, [{"PutRequest": {"Item": item}} for item in items])
            return self._creating(_billed(batch, bill), idempotency, now)

        order = Order(
            user_id=batch.user_id, tier=batch.tier, images=batch.total, price=batch.price, reference=batch.batch_id
        )
        try:
            bill = self._payer.pay(order, now, writes)
        except TransactionRefusedError as refusal:
            self.forget_items(written)
            _, *earlier = refusal.found
            if earlier and earlier[0]:
                return self._made(batch.user_id, made_before(earlier[0], idempotency))
            raise
        except (ContentionError, InsufficientCreditsError):
            self.forget_items(written)
            raise
        return _billed(batch, bill), _billed_jobs(jobs, bill)

    def _made(self, user_id: str, batch_id: str) -> tuple[Batch, list[Job]]:
        batch = self.get(user_id, batch_id)
        return batch, self.all_items(batch)

    def _creating(
        self, batch: Batch, idempotency: IdempotencyKey | None, now: datetime
    ) -> list[TransactWriteItemTypeDef]:
        put = creation(self._table, batch_item.new_values(batch))
        if idempotency is None:
            return [put]
        user, made = batch.user_id, batch.batch_id
        return [put, remembering(idempotency, table=self._table, user_id=user, made=made, now=now)]

    # ---- going on --------------------------------------------------------------------------------

    def mark_started(self, user_id: str, batch_id: str, now: datetime) -> None:
        """The first of its jobs is worked on; a repeat changes nothing."""
        self._change(
            user_id,
            batch_id,
            "SET startedAt = :now",
            condition="attribute_exists(pk) AND attribute_not_exists(startedAt)",
            values={":now": instant(now)},
        )

    def mark_cancelled(self, batch: Batch, now: datetime) -> None:
        """Somebody asked for its end, and soon the reconciler sees to it. A repeat changes nothing."""
        self._change(
            batch.user_id,
            batch.batch_id,
            "SET cancelRequestedAt = :now, dueAt = :due",
            condition="attribute_exists(dueAt) AND attribute_not_exists(cancelRequestedAt)",
            values={":now": instant(now), ":due": instant(now + GRACE)},
        )

    def postpone(self, batch: Batch, due_at: datetime) -> None:
        """Has the reconciler look again at `due_at`, if the batch is still open."""
        self._change(
            batch.user_id,
            batch.batch_id,
            "SET dueAt = :due",
            condition="attribute_exists(dueAt)",
            values={":due": instant(due_at)},
        )

    # ---- the archive -----------------------------------------------------------------------------

    def request_archive(self, batch: Batch, now: datetime) -> bool:
        """Whether it is for the caller to ask for the archive now: nobody else has since `batch` was read."""
        return self._change(
            batch.user_id,
            batch.batch_id,
            "SET dueAt = :due ADD archiveRequests :one",
            condition="archiveRequests = :seen AND attribute_exists(dueAt)",
            values={
                ":due": instant(now + ARCHIVE_OVERDUE_AFTER),
                ":one": 1,
                ":seen": batch.archive_requests,
            },
        )

    def complete_archive(self, batch: Batch, archive: Archive) -> None:
        values = {"size": archive.size, "readyAt": instant(archive.ready_at)}
        self._close(batch, {":zipFile": values}, ", zipFile = :zipFile", remove=", archiveFailure")

    def fail_archive(self, batch: Batch, failure: Failure) -> None:
        """Records why there will be no archive; what was assembled meanwhile stays."""
        self._close(batch, {":failure": asdict(failure)}, ", archiveFailure = :failure")

    def close(self, batch: Batch) -> None:
        """Records that there is nothing to put into an archive."""
        self._close(batch, {})

    def _close(self, batch: Batch, values: dict[str, object], more: str = "", *, remove: str = "") -> None:
        """Tells the user's webhooks, if nobody has closed it before."""
        expression = f"SET retireAt = keepUntil{more} REMOVE dueShard, dueAt{remove}"
        condition = "attribute_exists(pk) AND attribute_not_exists(zipFile)"
        deliveries = self._outbox.of(batch_event(batch, has_archive=":zipFile" in values)) if batch.due_at else []
        if deliveries:
            is_open = f"{condition} AND attribute_exists(dueAt)"
            closing = self._update(batch.user_id, batch.batch_id, expression, is_open, values)
            with suppress(TransactionRefusedError):
                transact(self._client, [{"Update": closing}, *self._outbox.writes(deliveries)])
                self._outbox.sent(deliveries)
                return
        self._change(batch.user_id, batch.batch_id, expression, condition=condition, values=values)

    # ---- looking ---------------------------------------------------------------------------------

    def get(self, user_id: str, batch_id: str) -> Batch:
        """Raises `BatchNotFoundError`."""
        item = find(self._client, table=self._table, partition=user_id, sort_key=f"{batch_item.PREFIX}{batch_id}")
        if item is None:
            raise BatchNotFoundError("You have no batch of that id. It may have reached its retention.")
        return batch_item.from_values(item)

    def items(self, batch: Batch, *, limit: int, cursor: str | None) -> tuple[list[Job], str | None]:
        """A page of the batch's jobs, in the order of its manifest, and the cursor of the next; see `query_page`."""
        items, next_cursor = query_page(
            self._client,
            table=self._table,
            partition=batch.user_id,
            prefix=f"{job_item.PREFIX}{batch.batch_id}-",
            newest_first=False,
            limit=limit,
            cursor=cursor,
        )
        return [job_item.from_values(item) for item in items], next_cursor

    def all_items(self, batch: Batch) -> list[Job]:
        """All of the batch's jobs that were not deleted, in the order of its manifest."""
        jobs, cursor = self.items(batch, limit=batch.total, cursor=None)
        while cursor:
            more, cursor = self.items(batch, limit=batch.total, cursor=cursor)
            jobs += more
        return jobs

    def forget_items(self, jobs: Sequence[Job]) -> None:
        """Deletes the records of jobs whose batch never came to be."""
        keys = [to_item({"pk": job.user_id, "sk": f"{job_item.PREFIX}{job.job_id}"}) for job in jobs]
        write_all(self._client, self._table, [{"DeleteRequest": {"Key": key}} for key in keys])

    # ---- writing ---------------------------------------------------------------------------------

    def _key(self, user_id: str, batch_id: str) -> dict[str, Any]:
        return to_item({"pk": user_id, "sk": f"{batch_item.PREFIX}{batch_id}"})

    def _change(
        self, user_id: str, batch_id: str, expression: str, *, condition: str, values: dict[str, object]
    ) -> bool:
        """Whether the condition held and the change was made."""
        return update_if(self._client, self._update(user_id, batch_id, expression, condition, values))

    def _update(
        self, user_id: str, batch_id: str, expression: str, condition: str, values: dict[str, object]
    ) -> UpdateTypeDef:
        action: UpdateTypeDef = {
            "TableName": self._table,
            "Key": self._key(user_id, batch_id),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
        }
        if values:
            action["ExpressionAttributeValues"] = to_item(values)
        return action


def _billed(batch: Batch, bill: Bill) -> Batch:
    return replace(batch, price=bill.price, coverage=bill.coverage)


def _billed_jobs(jobs: Sequence[Job], bill: Bill) -> list[Job]:
    """With their shares of the price, or each covered."""
    return [replace(job, price=0, coverage=bill.coverage) for job in jobs] if bill.coverage else list(jobs)
