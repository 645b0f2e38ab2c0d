"""What the tables and queues of the stack hold, and time that passes in them."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from background_remover.domain.batches import Batch
from background_remover.domain.jobs import Job
from background_remover.gateways import batch_item, job_item
from background_remover.gateways.dynamodb import from_item, instant, to_item
from tests.bench.tenant import await_answer

if TYPE_CHECKING:
    from tests.stack.local_stack import LocalStack

HOUR = timedelta(hours=1)
QUEUES = ("JobQueueUrl", "ArchiveQueueUrl", "JobDeadLetterQueueUrl", "BillingDeadLetterQueueUrl")
VISIBLE = "ApproximateNumberOfMessages"
HIDDEN = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
POLLED = ("ProcessImageFunction", "AssembleZipFunction", "ReconcileFunction")


class Tables:
    """`users`: whose things are looked at."""

    def __init__(self, stack: LocalStack, users: Collection[str]) -> None:
        self._users = users
        self._stack = stack
        self._dynamodb = stack.emulator.client("dynamodb")
        self._sqs = stack.emulator.client("sqs")

    def jobs(self) -> list[Job]:
        return [
            job_item.from_values(item)
            for item in self._items("JobsTableName")
            if item["sk"].startswith(job_item.PREFIX)
        ]

    def batches(self) -> list[Batch]:
        return [
            batch_item.from_values(item)
            for item in self._items("JobsTableName")
            if item["sk"].startswith(batch_item.PREFIX)
        ]

    def balances(self) -> dict[str, tuple[int, int]]:
        """Available and held credits by user."""
        return {
            item["pk"]: (int(item["available"]), int(item["held"]))
            for item in self._items("CreditsTableName")
            if item["sk"] == "balance"
        }

    def open(self) -> int:
        """How many jobs and batches the reconciler may yet have to look at."""
        return sum("dueAt" in item for item in self._items("JobsTableName"))

    def messages(self, *, hidden: bool) -> dict[str, int]:
        """By queue."""
        names = (VISIBLE, *HIDDEN) if hidden else (VISIBLE,)
        found = {}
        for queue in QUEUES:
            url = self._stack.outputs[queue]
            attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
            found[queue] = sum(int(attributes[name]) for name in names)
        return found

    def an_hour_later(self) -> None:
        """Nobody is at work meanwhile: deadlines, leases, delays and pauses are over, as after an hour of waiting."""
        with ExitStack() as stopped:
            for function in POLLED:
                stopped.enter_context(self._stack.paused(function))
            await_answer(lambda: self._stack.emulator.running() == 0 or None)
            for item in self._items("JobsTableName"):
                if "dueAt" in item:
                    self._age(item)
            self._stack.emulator.an_hour_later()

    def _age(self, item: dict[str, Any]) -> None:
        earlier: dict[str, Any] = {
            name: instant(datetime.fromisoformat(item[name]) - HOUR) for name in ("dueAt", "leaseUntil") if name in item
        }
        for name, value in item.items():
            if name.startswith("submission"):
                earlier[name] = {**value, "sent_at": int(value["sent_at"]) - int(HOUR.total_seconds())}
        self._dynamodb.update_item(
            TableName=self._stack.outputs["JobsTableName"],
            Key=to_item({"pk": item["pk"], "sk": item["sk"]}),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in earlier),
            ExpressionAttributeNames={f"#{name}": name for name in earlier},
            ExpressionAttributeValues=to_item({f":{name}": value for name, value in earlier.items()}),
        )

    def _items(self, table: str) -> list[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._stack.outputs[table], ConsistentRead=True)
        items = [from_item(item) for page in pages for item in page["Items"]]
        return [item for item in items if item["pk"] in self._users]
