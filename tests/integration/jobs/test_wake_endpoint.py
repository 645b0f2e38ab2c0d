"""Endpoints that scaled to zero are woken: when a batch arrives, or by a schedule."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from background_remover.domain.inference_errors import TierUnavailableError
from background_remover.domain.tiers import Model
from background_remover.gateways.model_states import ModelStates
from background_remover.gateways.work_queue import WakeMessage, parse
from background_remover.use_cases.wake_endpoint import WAKE_PAUSE, WakeEndpoint, ask_to_wake
from tests.integration.jobs.account import Account, photo
from tests.integration.jobs.interruptions import AnswerLostError, Interruption, Interruptions
from tests.stack.hugging_face import HuggingFaceStandIn

ENDPOINT, FAL = Model.RMBG_1_4, Model.RMBG_2_0


def wake(account: Account, model: Model = ENDPOINT) -> None:
    """As each time another container does."""
    states = ModelStates(account.dynamodb, table="JobsTable")
    WakeEndpoint(states=states, hugging_face=account.make_hugging_face(), clock=account.clock)(WakeMessage(model))


def test_an_endpoint_is_asked_once_with_nothing_to_infer(account: Account, hub: HuggingFaceStandIn) -> None:
    wake(account)
    (request,) = hub.requests
    assert (request.method, request.path, request.body_size) == ("GET", f"/models/{ENDPOINT}", 0)
    assert request.authorized


def test_within_a_minute_it_is_woken_once_whoever_asks(account: Account, hub: HuggingFaceStandIn) -> None:
    wake(account)
    account.clock.advance(timedelta(seconds=WAKE_PAUSE - 1))
    wake(account)
    assert len(hub.requests) == 1
    account.clock.advance(timedelta(seconds=1))
    wake(account)
    assert len(hub.requests) == 2


def test_fal_does_not_sleep_and_is_not_asked(account: Account, hub: HuggingFaceStandIn) -> None:
    wake(account, FAL)
    assert hub.requests == []
    assert account.items("JobsTable") == []


def test_a_model_that_is_not_served_is_nothing_to_fail_for(account: Account, hub: HuggingFaceStandIn) -> None:
    account.models = frozenset({FAL})
    with pytest.raises(TierUnavailableError):
        account.make_hugging_face().route(ENDPOINT)
    wake(account, ENDPOINT)
    assert hub.requests == []


def test_what_the_worker_is_told_is_what_a_schedule_says(account: Account) -> None:
    ask_to_wake(account.queue, ENDPOINT)
    assert account.wakes_asked == [WakeMessage(ENDPOINT)]
    assert parse(json.dumps({"wake": "briaai/RMBG-1.4"})) == WakeMessage(ENDPOINT)


def test_a_queue_that_takes_nothing_is_nothing_to_fail_for(account: Account) -> None:
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("SendMessage", "before", AnswerLostError))
        ask_to_wake(account.queue, ENDPOINT)
    assert account.wakes_asked == []


def test_a_dead_wake_is_let_lie(account: Account) -> None:
    account.create_batch(photo())
    before = account.items("JobsTable")
    account.reconcile().dead_letter(WakeMessage(ENDPOINT))
    assert account.items("JobsTable") == before
