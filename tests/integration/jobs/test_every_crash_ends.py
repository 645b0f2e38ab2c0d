"""Whoever dies, wherever: the batch ends, nothing is charged twice, nothing is lost."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from background_remover.domain.batches import Batch
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.object_store import archive_key, input_key, result_key
from tests.integration.jobs.account import Account, photo
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions, Moment

RETRY = timedelta(minutes=13)
"""Longer than a lease and a message's visibility time-out."""

CALLS = [
    *(("create", call, number) for call in ("BatchWriteItem", "TransactWriteItems") for number in (1,)),
    *(("receive", call, number) for call in ("GetItem", "UpdateItem", "SendMessage") for number in (1, 2, 3)),
    *(
        ("work", call, number)
        for call in (
            *("UpdateItem", "GetItem", "GetObject", "PutObject mattes", "PutObject results"),
            *("PutObject thumbnails", "TransactWriteItems", "SendMessage"),
        )
        for number in (1, 2, 3)
    ),
    *(
        ("assemble", call, number)
        for call in ("GetItem", "Query", "GetObject", "PutObject zips", "UpdateItem")
        for number in (1, 2)
    ),
]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("actor", "call", "occurrence"), CALLS)
def test_a_batch_ends_whoever_dies_wherever(
    account: Account, actor: str, call: str, occurrence: int, moment: Moment
) -> None:
    # Parts are sent from threads of the transfer library, out of which only errors reach the function.
    death = AnswerLostError if call == "PutObject zips" else CrashError
    world = World(account, dies_at=(actor, Interruption(call, moment, death, occurrence)))
    world.run(photo(), b"no photo", photo("coral"), None)


def test_a_batch_ends_when_everything_comes_twice(account: Account) -> None:
    World(account, times=2).run(photo(), b"no photo", photo("coral"), None)


class World:
    """What AWS does around the functions: it delivers at least once, and again when somebody died."""

    def __init__(self, account: Account, *, dies_at: tuple[str, Interruption] | None = None, times: int = 1) -> None:
        self.account = account
        self.dies_at = dies_at
        self.times = times

    def run(self, *photos: bytes | None) -> None:
        """Uploads the photos but those that are None, and lives on until nothing is left to happen."""
        account = self.account
        balance = account.balance().available
        if not self.does("create", partial(account.create_batch, *([None] * len(photos)))):
            account.clock.advance(timedelta(hours=1))
            account.reconcile().sweep()
            batches = self.batches()
            if not batches:
                assert (account.balance().available, account.balance().held) == (balance, 0)
                assert [item for item in account.items("JobsTable") if item["sk"]["S"].startswith("job#")] == []
                return
        for batch in self.batches():
            items = account.batches.all_items(batch)
            if all(item.status is JobStatus.AWAITING_UPLOAD for item in items):
                for item, content in zip(items, photos, strict=True):
                    if content is not None:
                        self.does_at_last(
                            "receive", partial(account.receive, account.written(input_key(item), content))
                        )
        for _ in range(6):
            self.deliver()
            account.clock.advance(timedelta(minutes=17))
            account.reconcile().sweep()
        self.assert_all_is_well(balance)

    def deliver(self) -> None:
        account = self.account
        while account.sent:
            message = account.sent.pop(0).message
            self.does_at_last("work", partial(account.process_and_close, message))
        while account.archives_asked:
            asked = account.archives_asked.pop(0)
            self.does_at_last("assemble", partial(account.assemble, asked))

    def does_at_last(self, actor: str, act: Callable[[], object]) -> None:
        """As often as it takes: what died is delivered again when it is visible again."""
        for _ in range(self.times):
            while not self.does(actor, act):
                self.account.clock.advance(RETRY)

    def does(self, actor: str, act: Callable[[], object]) -> bool:
        with Interruptions(self.account) as interruptions:
            if self.dies_at and self.dies_at[0] == actor:
                interruptions.arm(self.dies_at[1])
            try:
                act()
            except (CrashError, AnswerLostError):
                self.dies_at = None
                return False
        return True

    def batches(self) -> list[Batch]:
        keys = [item["sk"]["S"] for item in self.account.items("JobsTable")]
        return [
            self.account.batches.get("anna", key.removeprefix("batch#")) for key in keys if key.startswith("batch#")
        ]

    def assert_all_is_well(self, balance: int) -> None:
        account = self.account
        (batch,) = self.batches()
        items = account.batches.all_items(batch)
        assert batch.has_ended
        assert all(item.has_ended for item in items)
        statuses = [item.status for item in items]
        assert (batch.completed, batch.failed, batch.expired, batch.cancelled) == tuple(
            statuses.count(JobStatus(status)) for status in ("completed", "failed", "expired", "cancelled")
        )
        charged = sum(item.price for item in items if item.status is JobStatus.COMPLETED)
        assert (batch.charged, batch.held) == (charged, 0)
        assert (account.balance().available, account.balance().held) == (balance - charged, 0)
        entries = account.entries()
        assert sum(entry.movement.available for entry in entries) == balance - charged
        assert sum(entry.movement.held for entry in entries) == 0
        assert account.overdue.before(account.clock() + timedelta(days=365), limit=10) == []
        if batch.completed:
            content = account.objects.get(archive_key(batch))
            assert content
            assert batch.archive
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                assert archive.testzip() is None
                assert len(archive.namelist()) == batch.completed + 1
        assert {key for key in account.files() if key.startswith("results/")} == {
            result_key(item) for item in items if item.status is JobStatus.COMPLETED
        }
        if batch.completed:
            assert statuses == [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.COMPLETED, JobStatus.EXPIRED]
