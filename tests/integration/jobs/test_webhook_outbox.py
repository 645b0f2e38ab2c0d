"""Whoever dies, at whichever AWS call: of what has ended the webhook is told, at least once, and of nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Self

import pytest

from background_remover.domain.credits import purchase
from background_remover.domain.jobs import JobStatus
from background_remover.domain.webhooks import Delivery, DeliveryStatus, Webhook, secret
from background_remover.use_cases.deliver_webhook import DeliverWebhook, Post
from background_remover.use_cases.send_due_deliveries import SendDueDeliveries
from tests.integration.jobs.account import Account, photo, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import AtEveryCall, Moment
from tests.integration.jobs.test_every_crash_ends import DEATHS, Scenario, World
from tests.stack.hugging_face import HuggingFaceStandIn

HOOK = Webhook(
    user_id="anna", webhook_id="w1", url="https://example.com/hook", secret=secret(b"s" * 32), created_at=NOON
)
SCENARIO = Scenario(
    (photo(), photo("coral"), b"no photo", None),
    ends=("completed", "completed", "failed", "expired"),
    mortals=("work", "assemble", "sweep", "send", "post"),
)
SOME_CALLS = {
    "remove": {"GetItem", "TransactWriteItems", "PutObject inputs", "PutObject results", "SendMessage"},
    "work": {"GetItem", "UpdateItem", "GetObject", "PutObject results", "TransactWriteItems", "SendMessage"},
    "assemble": {"GetItem", "Query", "GetObject", "PutObject zips", "TransactWriteItems"},
    "sweep": {"Query", "GetItem", "TransactWriteItems", "UpdateItem", "SendMessage"},
    "send": {"Query", "GetItem", "UpdateItem", "SendMessage"},
    "post": {"GetItem", "UpdateItem"},
}
"""At which each actor dies, among others."""


class ToldWorld(World):
    """Of a user with a webhook, whose receiver is down at first. After each step what the webhook is to be told of is
    held against what has ended."""

    def __init__(self, hub: HuggingFaceStandIn, moment: Moment, death: type[BaseException]) -> None:
        super().__init__(hub, SCENARIO)
        self.moment: Moment = moment
        self.death = death
        self.is_down = True
        self.posted: set[str] = set()

    def __enter__(self) -> Self:
        super().__enter__()
        self.interruptions = self.deaths = AtEveryCall(self.account, self.moment, self.death)
        self.account.webhooks.add(HOOK)
        return self

    def deliver(self) -> None:
        super().deliver()
        self.does_at_last("send", sending(self.account))
        while self.account.announced:
            message = self.account.announced.pop(0)
            self.does_at_last("post", partial(posting(self.account, self.post), message))
        self.is_down = False

    def post(self, _url: str, headers: Mapping[str, str], _body: str) -> int:
        self.posted.add(headers["webhook-id"])
        return 500 if self.is_down else 204

    def does(self, actor: str, act: Callable[[], object]) -> bool:
        done = super().does(actor, act)
        assert told(self.account) == ended(self.account)
        assert self.posted <= {delivery.event.event_id for delivery in deliveries(self.account)}
        return done

    def rest(self) -> None:
        """Until everybody has been told."""
        for _ in range(4):
            self.account.clock.advance(timedelta(minutes=17))
            self.does_at_last("sweep", self.account.reconcile().sweep)
            self.deliver()
        kept = deliveries(self.account)
        assert {delivery.status for delivery in kept} == {DeliveryStatus.DELIVERED}
        assert {delivery.event.event_id for delivery in kept} == self.posted


def sending(account: Account) -> SendDueDeliveries:
    return SendDueDeliveries(
        deliveries=account.deliveries, overdue=account.overdue, queue=account.webhook_queue, clock=account.clock
    )


def posting(account: Account, post: Post) -> DeliverWebhook:
    return DeliverWebhook(webhooks=account.webhooks, deliveries=account.deliveries, post=post, clock=account.clock)


def deliveries(account: Account) -> list[Delivery]:
    found, _ = account.deliveries.of_webhook(HOOK, limit=100, cursor=None)
    return found


def told(account: Account) -> list[tuple[str, str]]:
    """Types and subjects of all events that are kept for the webhook."""
    bodies = [json.loads(delivery.event.body) for delivery in deliveries(account)]
    return sorted(
        (body["type"], body["data"]["batchId" if body["type"] == "batch.completed" else "jobId"]) for body in bodies
    )


def ended(account: Account) -> list[tuple[str, str]]:
    found = []
    for item in account.items("JobsTable"):
        kind, _, identifier = item["sk"]["S"].partition("#")
        if kind == "job" and item["status"]["S"] in ("completed", "failed"):
            found.append((f"job.{item['status']['S']}", identifier))
        if kind == "batch" and "retireAt" in item:
            found.append(("batch.completed", identifier))
    return sorted(found)


@pytest.mark.parametrize(("moment", "death"), DEATHS)
@pytest.mark.parametrize("actor", SCENARIO.mortals)
def test_each_event_is_posted_and_none_before_it_is_true(
    hub: HuggingFaceStandIn, actor: str, moment: Moment, death: type[BaseException]
) -> None:
    with ToldWorld(hub, moment, death) as world:
        world.run(watching=actor)
        world.rest()
        assert [kind for kind, _ in told(world.account)] == [
            "batch.completed",
            "job.completed",
            "job.completed",
            "job.failed",
        ]
    assert world.deaths.died_at >= SOME_CALLS[actor]


@pytest.mark.parametrize(("moment", "death"), DEATHS)
def test_wherever_requests_die_the_events_of_their_jobs_are_posted(
    hub: HuggingFaceStandIn, moment: Moment, death: type[BaseException]
) -> None:
    with ToldWorld(hub, moment, death) as world:
        world.watching = "remove"
        world.account.ledger.grant("anna", purchase(1000), reference="r", now=NOON)
        world.does_at_last("remove", lambda: world.account.remove(removal(photo())))
        world.rest()
        jobs, _ = world.account.jobs.page("anna", limit=100, cursor=None, status=None, tier=None)
        # The photo is stored while the model looks; a job whose request dies before that fails.
        assert {job.status for job in jobs} == {JobStatus.COMPLETED, JobStatus.FAILED}
        assert len(told(world.account)) == len(jobs)
    assert world.deaths.died_at >= SOME_CALLS["remove"]


def test_a_job_of_a_user_without_webhooks_writes_nothing_of_them(account: Account) -> None:
    account.remove(removal(photo()))

    assert account.announced == []
    assert not [item for item in account.items("JobsTable") if item["pk"]["S"].startswith("webhooks#")]


def test_a_webhook_that_is_disabled_is_told_nothing(account: Account) -> None:
    account.webhooks.add(HOOK)
    account.webhooks.note_failure(HOOK, NOON)
    assert account.webhooks.disable(account.webhooks.get("anna", "w1"), NOON)

    account.remove(removal(photo()))

    assert told(account) == []


def test_each_webhook_of_the_user_is_told_and_no_other_users(account: Account) -> None:
    for user_id, webhook_id in (("anna", "w1"), ("anna", "w2"), ("ben", "w3")):
        account.webhooks.add(
            Webhook(user_id=user_id, webhook_id=webhook_id, url=HOOK.url, secret=HOOK.secret, created_at=NOON)
        )

    account.remove(removal(photo()))

    assert {(message.user_id, message.webhook_id) for message in account.announced} == {("anna", "w1"), ("anna", "w2")}
