import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest

from background_remover import observability
from background_remover.domain.credits import purchase
from tests.contract.deployment import USER, Deployment, deployed, event
from tests.contract.watched import Watched
from tests.quick_botocore import quick_botocore  # noqa: F401 fixture
from tests.quick_moto import one_call_to_moto_at_a_time, quick_moto  # noqa: F401 fixtures


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed(monkeypatch) as running:
        observability.metrics.clear_metrics()  # Of tests before: not all functions write theirs.
        yield running


@pytest.fixture
def log(deployment: Deployment) -> Iterator[StringIO]:
    """What the functions log, as they would write it; their own handler keeps the output of the first test."""
    deployment.invoke("HealthFunction", event("health"))  # From now on the logger is called as those that follow.
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(observability.logger.registered_formatter)
    logger = observability.logger
    logger.addHandler(handler)
    yield written
    logger.handlers.remove(handler)


@pytest.fixture
def watched(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> Watched:
    deployment.ledger.grant(USER, purchase(500), reference="for all photos of a test", now=datetime.now(UTC))
    return Watched(deployment, capsys)
