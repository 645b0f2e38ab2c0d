"""Whoever dies, at whichever AWS call: the batch ends, nothing is charged twice, nothing is lost."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Self

import pytest
from moto import mock_aws

from background_remover.domain.batches import Batch
from background_remover.domain.errors import DomainError
from background_remover.domain.image_errors import ImageNotFetchedError
from background_remover.domain.jobs import JobStatus
from background_remover.domain.tiers import TIERS
from background_remover.gateways.object_store import archive_key, input_key, result_key
from background_remover.observability import metrics
from tests.integration.jobs.account import TOKEN, Account, photo, removal
from tests.integration.jobs.interruptions import (
    READS,
    AnswerLostError,
    CrashError,
    Interruption,
    Interruptions,
    Moment,
)
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

RETRY = timedelta(minutes=13)
"""Longer than a lease and a message's visibility time-out."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`photos` in the order of the manifest; None for one that never comes. `ends`: how they end if nobody dies.

    `mortals` are the actors that die, one at a time; each of them where it does something of its own.
    """

    photos: tuple[bytes | None, ...]
    ends: tuple[str, ...]
    mortals: tuple[str, ...]
    tier: str = "basic"
    one_inference_fails: bool = False
    looks_contradict: bool = False
    inline: bool = False
    cancelled: bool = False
    first_is_known: bool = False
    urls: tuple[str, ...] = ()
    """Of `WEB`, in place of the photos."""


WEB: dict[str, bytes | DomainError] = {
    "https://example.com/teal": photo(),
    "https://example.com/nothing": ImageNotFetchedError("The server of the image answers with status 404."),
}
SCENARIOS = {
    "one is corrupt and one never comes": Scenario(
        (photo(), b"no photo", photo("coral"), None),
        ends=("completed", "failed", "completed", "expired"),
        mortals=("create", "receive", "work", "assemble", "sweep"),
    ),
    "all are delivered": Scenario(
        (photo(), photo("coral")), ends=("completed", "completed"), mortals=("work", "assemble")
    ),
    "of two inferences one fails": Scenario(
        (photo(),), ends=("completed",), mortals=("work",), tier="industry", one_inference_fails=True
    ),
    "two looks contradict each other": Scenario(
        (photo(),), ends=("completed",), mortals=("work",), tier="industry", looks_contradict=True
    ),
    "they come with the request": Scenario(
        (photo(), photo("coral")), ends=("completed", "completed"), mortals=("create",), inline=True
    ),
    "the matte of one is known": Scenario(
        (photo(), photo("coral")), ends=("completed", "completed"), mortals=("work",), first_is_known=True
    ),
    "they are fetched, but one is not there": Scenario(
        (),
        ends=("completed", "failed"),
        mortals=("work",),
        inline=True,
        urls=("https://example.com/teal", "https://example.com/nothing"),
    ),
    "it is cancelled half-way": Scenario(
        (photo(), photo("coral"), None),
        ends=("completed", "cancelled", "cancelled"),
        mortals=("work", "cancel"),
        cancelled=True,
    ),
}
MORTALS = [(name, actor) for name, scenario in SCENARIOS.items() for actor in scenario.mortals]
# Who dies after one call has done as much as who dies before the next.
DEATHS: list[tuple[Moment, type[BaseException]]] = [("before", CrashError), ("after", AnswerLostError)]


Hubs = Callable[[Scenario], HuggingFaceStandIn]


@pytest.fixture
def hubs(hub: HuggingFaceStandIn, one_sided_hub: HuggingFaceStandIn) -> Hubs:
    return lambda scenario: one_sided_hub if scenario.looks_contradict else hub


@pytest.mark.parametrize(("moment", "death"), DEATHS)
@pytest.mark.parametrize(("name", "actor"), MORTALS)
def test_a_batch_ends_whoever_dies_wherever(
    hubs: Hubs, name: str, actor: str, moment: Moment, death: type[BaseException]
) -> None:
    scenario = SCENARIOS[name]
    hub = hubs(scenario)
    with World(hub, scenario) as world:
        calls = world.run(watching=actor)
    assert any(calls)
    occurrences: Counter[str] = Counter()
    for before, call in pairwise(calls):
        occurrences[call] += 1
        # Parts are sent from threads of the transfer library, out of which only errors reach the function.
        how = AnswerLostError if call == "PutObject zips" else death
        # Between two reads nothing changes: to be killed before the second is to be killed before the first.
        if not call or (how is CrashError and {before, call} <= READS):
            continue
        with World(hub, scenario) as world:
            world.run(watching=actor, dies_at=Interruption(call, moment, how, occurrences[call]))


def test_of_two_inferences_one_is_delivered_at_the_lesser_price(hub: HuggingFaceStandIn) -> None:
    with World(hub, SCENARIOS["of two inferences one fails"]) as world:
        world.run(watching="")

        (batch,) = world.batches()
        assert (batch.charged, batch.released) == (15, 10)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_a_batch_ends_when_everything_comes_twice(hubs: Hubs, scenario: Scenario) -> None:
    with World(hubs(scenario), scenario, times=2) as world:
        world.run(watching="")


class World:
    """What AWS does around the functions: it delivers at least once, and again when somebody died."""

    def __init__(self, hub: HuggingFaceStandIn, scenario: Scenario, *, times: int = 1) -> None:
        self.hub = hub
        self.scenario = scenario
        self.times = times
        self.created = True

    def __enter__(self) -> Self:
        self.cleanup = ExitStack()
        self.cleanup.enter_context(mock_aws())
        self.account = self.cleanup.enter_context(Account(self.hub, token=TOKEN))
        self.account.web = WEB
        self.interruptions = Interruptions(self.account)
        return self

    def __exit__(self, *_: object) -> None:
        self.cleanup.close()
        self.hub.reset()
        metrics.clear_metrics()

    def run(self, *, watching: str, dies_at: Interruption | None = None) -> list[str]:
        """Lives on until nothing is left to happen; returns the watched actor's calls as `Interruptions.order`.

        At one of them it dies, if `dies_at` is given.
        """
        account, self.watching = self.account, watching
        if self.scenario.first_is_known:
            account.remove(removal(self.scenario.photos[0]))
        balance = account.balance().available
        if dies_at:
            self.interruptions.arm(dies_at)
        if self.scenario.one_inference_fails:
            self.hub.play(Fault("fal_failed"))
        self.create()
        for batch in self.batches():
            if not self.scenario.inline:
                self.upload(batch)
            self.work_and_cancel(batch)
        for _ in range(4):
            self.deliver()
            is_over = not any("dueAt" in item for item in account.items("JobsTable"))
            account.clock.advance(timedelta(minutes=17))
            self.does_at_last("sweep", account.reconcile().sweep)
            if is_over:
                break
        assert not self.interruptions.is_armed
        self.assert_all_is_well(balance)
        return self.interruptions.order

    def create(self) -> None:
        """The caller of an inline batch asks again; of the forms of another nobody heard."""
        inline = self.scenario.inline
        contents = self.scenario.urls or (self.scenario.photos if inline else [None] * len(self.scenario.photos))
        act = partial(self.account.create_batch, *contents, key="once", tier=self.scenario.tier, anew=False)
        if inline:
            self.does_at_last("create", act)
        else:
            self.created = self.does("create", act)

    def upload(self, batch: Batch) -> None:
        if not self.created:
            return
        for item, content in zip(self.account.batches.all_items(batch), self.scenario.photos, strict=True):
            if content is not None:
                written = self.account.written(input_key(item), content)
                self.does_at_last("receive", partial(self.account.receive, written))

    def work_and_cancel(self, batch: Batch) -> None:
        if self.scenario.cancelled and self.account.sent:
            self.work()
            self.does("cancel", partial(self.account.cancel_batch, batch.batch_id))

    def work(self) -> None:
        message = self.account.sent.pop(0).message
        self.does_at_last("work", partial(self.account.process_and_close, message))

    def deliver(self) -> None:
        while self.account.sent:
            self.work()
        while self.account.archives_asked:
            asked = self.account.archives_asked.pop(0)
            self.does_at_last("assemble", partial(self.account.assemble, asked))

    def does_at_last(self, actor: str, act: Callable[[], object]) -> None:
        """As often as it takes: what died is delivered again when it is visible again."""
        for _ in range(self.times):
            while not self.does(actor, act):
                self.account.clock.advance(RETRY)

    def does(self, actor: str, act: Callable[[], object]) -> bool:
        if actor != self.watching:
            act()
            return True
        with self.interruptions:
            try:
                act()
            except (CrashError, AnswerLostError, ExceptionGroup):
                return False
        return True

    def batches(self) -> list[Batch]:
        keys = [item["sk"]["S"] for item in self.account.items("JobsTable")]
        return [
            self.account.batches.get("anna", key.removeprefix("batch#")) for key in keys if key.startswith("batch#")
        ]

    def assert_all_is_well(self, balance: int) -> None:
        account = self.account
        if not self.batches():
            assert not self.created
            assert (account.balance().available, account.balance().held) == (balance, 0)
            assert [item for item in account.items("JobsTable") if item["sk"]["S"].startswith("job#")] == []
            return
        (batch,) = self.batches()
        items = account.batches.all_items(batch)
        assert batch.has_ended
        assert all(item.has_ended for item in items)
        statuses = [item.status for item in items]
        assert (batch.completed, batch.failed, batch.expired, batch.cancelled) == tuple(
            statuses.count(JobStatus(status)) for status in ("completed", "failed", "expired", "cancelled")
        )
        charged = sum(item.price for item in items if item.status is JobStatus.COMPLETED)
        assert (batch.charged, batch.released, batch.held) == (charged, batch.price - charged, 0)
        for item in items:
            if item.result and item.matte_of:
                assert (self.scenario.first_is_known, item.price, item.result.looks) == (True, 0, 0)
            elif item.result:
                full_price = TIERS[item.tier].credits
                assert item.result.looks == (3 if self.scenario.looks_contradict else TIERS[item.result.tier].looks)
                assert item.price == (full_price if item.result.tier == item.tier else 15)
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
        assert sum(item.matte_of is not None for item in items) == self.scenario.first_is_known
        every_job, _ = account.jobs.page("anna", limit=100, cursor=None, status=None, tier=None)
        assert {key for key in account.files() if key.startswith("results/")} == {
            result_key(job) for job in every_job if job.status is JobStatus.COMPLETED
        }
        if self.created and not self.scenario.cancelled:
            # A cancellation that died may meet images that were delivered meanwhile.
            assert statuses == [JobStatus(status) for status in self.scenario.ends]
