from collections.abc import Iterator
from threading import RLock
from typing import Any

import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from background_remover.observability import metrics
from tests.integration.jobs.account import TOKEN, Account
from tests.stack.hugging_face import HuggingFaceStandIn


@pytest.fixture
def account(hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()


@pytest.fixture(autouse=True, scope="session")
def one_call_to_moto_at_a_time() -> Iterator[None]:
    """moto copies an item while another thread writes to it, which ends in "dictionary changed size"."""
    lock, answer = RLock(), BotocoreStubber.process_request

    def answer_alone(self: BotocoreStubber, request: Any) -> Any:
        with lock:
            return answer(self, request)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(BotocoreStubber, "process_request", answer_alone)
        yield
