from collections.abc import Iterator

import pytest

from tests.contract.deployment import Deployment, deployed


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed(monkeypatch) as running:
        yield running
