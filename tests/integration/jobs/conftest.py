from collections.abc import Callable, Iterator
from typing import cast

import pytest
from moto import mock_aws

from background_remover.gateways.hugging_face.client import HuggingFace
from background_remover.observability import metrics
from tests.integration.jobs.account import TOKEN, Account
from tests.integration.jobs.looks import Model
from tests.stack.hugging_face import HuggingFaceStandIn


@pytest.fixture
def account(hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()


@pytest.fixture
def account_with(hub: HuggingFaceStandIn) -> Iterator[Callable[[Model], Account]]:
    with mock_aws(), Account(hub, token=TOKEN) as account:

        def having(model: Model) -> Account:
            account.hugging_face = cast("HuggingFace", model)
            return account

        yield having
    metrics.clear_metrics()


@pytest.fixture
def one_sided_account(one_sided_hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(one_sided_hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()
