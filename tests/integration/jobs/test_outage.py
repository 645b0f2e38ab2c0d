"""An outage of some minutes while jobs keep coming: how often Hugging Face is asked in vain, and when all is well."""

from __future__ import annotations

import heapq
from datetime import timedelta
from itertools import count, cycle

import pytest

from background_remover.domain.breaker import FEWEST, PAUSES
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.jobs import Job, JobStatus
from background_remover.domain.tiers import TIERS
from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.gateways.model_states import ModelStates
from background_remover.gateways.work_queue import JobMessage, message_for
from tests.integration.jobs.account import Account, now, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import Interruptions
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

JOBS = 200
SECONDS_BETWEEN_JOBS = 1.0
CONTAINERS = 5
OUTAGE = (10.0, 190.0)
"""Seconds after noon."""

HEALTHY_TRAFFIC = int((OUTAGE[1] - OUTAGE[0]) / SECONDS_BETWEEN_JOBS)
"""How many would have been asked for meanwhile."""


class Traffic:
    """Jobs of one tier that come evenly, and go through containers with clients of their own as their messages are due.

    What one job waits within a call costs the others no time.
    """

    def __init__(self, account: Account, hub: HuggingFaceStandIn, tier: str) -> None:
        self.account, self.hub, self.tier = account, hub, tier
        self.put_back = 0
        self.delivered_at: dict[str, float] = {}
        self._order = count()
        self._containers = cycle([self._container() for _ in range(CONTAINERS)])
        account.ledger.grant("anna", purchase(100_000), reference="for all", now=NOON)

    def _container(self) -> HuggingFace:
        return self.account.make_hugging_face(states=ModelStates(self.account.dynamodb, table="JobsTable"))

    def run(self, fault: Fault) -> list[Job]:
        jobs: list[Job] = []
        due: list[tuple[float, int, JobMessage | None]] = [
            (SECONDS_BETWEEN_JOBS * number, next(self._order), None) for number in range(JOBS)
        ]
        due += [(at, -1, None) for at in OUTAGE]
        heapq.heapify(due)
        while due:
            at, order, message = heapq.heappop(due)
            self.account.clock.now = NOON + timedelta(seconds=at)
            if order == -1:
                self.hub.play(fault) if at == OUTAGE[0] else self.hub.forget_faults()
                continue
            if message is None:
                job = self.account.remove(removal(tier=self.tier, respond_async=True))
                jobs.append(job)
                message = message_for(job)
            self.account.sent.clear()
            self.account.hugging_face = next(self._containers)
            processed = self.account.process(message)
            if processed and processed.status is JobStatus.COMPLETED:
                self.delivered_at[processed.job_id] = at
            for sent in self.account.sent:
                self.put_back += 1
                heapq.heappush(due, (at + sent.delay, next(self._order), sent.message))
        return jobs

    @property
    def asked(self) -> int:
        """How often a matte was asked for, or its submission sent."""
        return sum(request.call in ("infer", "submit") for request in self.hub.requests)


@pytest.mark.large
@pytest.mark.parametrize(
    ("tier", "fault"),
    [("basic", Fault("server_error", times=9999)), ("standard", Fault("rate_limited", times=9999))],
)
def test_an_outage_costs_less_than_a_tenth_of_the_calls_and_all_is_delivered_soon_after(
    account: Account, hub: HuggingFaceStandIn, fault: Fault, tier: str
) -> None:
    traffic = Traffic(account, hub, tier)

    jobs = traffic.run(fault)

    in_vain = traffic.asked - JOBS
    assert len(traffic.delivered_at) == len(jobs) == JOBS
    assert account.balance() == Balance(available=100_050 - JOBS * TIERS[tier].credits, held=0)
    assert in_vain < HEALTHY_TRAFFIC / 10
    assert max(traffic.delivered_at.values()) < OUTAGE[1] + 2 * (OUTAGE[1] - OUTAGE[0])
    assert traffic.put_back < 4 * JOBS, "no worker spins"


def test_while_it_is_open_a_request_is_answered_at_once_and_a_worker_fetches_nothing(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    account.hugging_face = account.make_hugging_face(states=ModelStates(account.dynamodb, table="JobsTable"))
    hub.play(Fault("server_error", times=9999))
    while hub.requests == [] or len(hub.requests) < FEWEST:
        account.remove(removal())
    hub.forget_requests()

    job = account.remove(removal())

    assert (now(account, job).status, hub.requests) == (JobStatus.QUEUED, [])
    account.sent.clear()
    with Interruptions(account) as interruptions:
        account.process(message_for(job))
    assert interruptions.seen["GetObject", "before"] == 0
    assert interruptions.seen["UpdateItem", "before"] == 2, "leased and handed back"
    assert hub.requests == []
    (sent,) = account.sent
    assert PAUSES[0] - 1 <= sent.delay <= 2 * PAUSES[0]
