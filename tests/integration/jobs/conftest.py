from collections.abc import Iterator

import pytest
from moto import mock_aws

from background_remover.observability import metrics
from tests.integration.jobs.account import TOKEN, Account
from tests.stack.hugging_face import HuggingFaceStandIn


@pytest.fixture
def account(hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()
