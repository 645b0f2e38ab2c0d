import os
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.stack.hugging_face import HuggingFaceStandIn

# As template.yaml gives them to every function; the metrics are made when they are imported.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "BackgroundRemover")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "tests")

from background_remover.observability import metrics
from tests.integration.jobs.account import TOKEN, Account


@pytest.fixture
def account(hub: HuggingFaceStandIn) -> Iterator[Account]:
    with mock_aws(), Account(hub, token=TOKEN) as account:
        yield account
    metrics.clear_metrics()
