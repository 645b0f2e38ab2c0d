from collections.abc import Iterator

import pytest

from tests.contract.deployment import Deployment, deployed
from tests.quick_moto import one_call_to_moto_at_a_time, quick_moto  # noqa: F401 fixtures


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed(monkeypatch) as running:
        yield running
