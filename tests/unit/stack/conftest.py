from collections.abc import Iterator

import pytest
import requests

from tests.unit.stack.calls import TOKEN


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield session
