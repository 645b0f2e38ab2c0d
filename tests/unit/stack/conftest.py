from collections.abc import Iterator

import pytest
import requests

from tests.stack.hugging_face import FixedMatte, HuggingFaceStandIn
from tests.unit.stack.calls import TOKEN


@pytest.fixture(scope="module")
def running() -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn(token=TOKEN, segmenter=FixedMatte()) as stand_in:
        yield stand_in


@pytest.fixture
def hub(running: HuggingFaceStandIn) -> HuggingFaceStandIn:
    running.reset()
    running.rotate_token(TOKEN)
    return running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield session
