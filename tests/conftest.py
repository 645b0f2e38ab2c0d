from collections.abc import Iterator

import pytest

from tests.stack.hugging_face import HuggingFaceStandIn
from tests.stack.hugging_face.stand_in import TOKEN


@pytest.fixture(scope="session")
def running_hub() -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def hub(running_hub: HuggingFaceStandIn) -> HuggingFaceStandIn:
    """Hugging Face's stand-in, without a real model and without a memory of other tests."""
    running_hub.reset()
    running_hub.rotate_token(TOKEN)
    return running_hub
