import gc
import os
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.stack.hugging_face import HuggingFaceStandIn, OneSided
from tests.stack.hugging_face.stand_in import TOKEN
from tests.stack.local_stack import LocalStack

# As template.yaml gives them to every function; the metrics are made when they are imported.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "BackgroundRemover")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "tests")

SIGNUP_CREDITS = 30
STACK_TESTS = ("tests/e2e/", "tests/browser/")
SECOND_STACK_TESTS = ("tests/e2e/test_fuzz.py", "tests/e2e/test_bench.py")
"""A third of the time that all tests of a stack take, and well without the rest."""
ARTEFACT_TESTS = "tests/contract/test_artefacts.py"
"""In one worker, so that one process says of each function what it loads."""


class _Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(SECOND_STACK_TESTS):
            return "second stack"
        if nodeid.startswith(STACK_TESTS):
            return "stack"
        return ARTEFACT_TESTS if nodeid.startswith(ARTEFACT_TESTS) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """The tests of a stack run in one worker, one after the other, while others run in the rest.

    xdist begins with the scopes that have most tests, so with these. Its own groups do nothing with this pytest:
    https://github.com/pytest-dev/pytest-xdist/issues/1386
    """
    return _Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What thousands of tests consist of stays to the end: the garbage collector need not look through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("stack")
    with LocalStack.start(folder, parameters={"SignupCredits": str(SIGNUP_CREDITS)}, real_model=False) as stack:
        yield stack


@pytest.fixture
def stack(running_stack: LocalStack) -> LocalStack:
    running_stack.hugging_face.reset()
    running_stack.drop_jobs()
    running_stack.forget_failures()
    running_stack.hugging_face.forget_requests()
    return running_stack


@pytest.fixture(scope="session")
def running_hub() -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn() as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def running_one_sided_hub() -> Iterator[HuggingFaceStandIn]:
    with HuggingFaceStandIn(segmenter=OneSided()) as stand_in:
        yield stand_in


@pytest.fixture
def hub(running_hub: HuggingFaceStandIn) -> HuggingFaceStandIn:
    """Hugging Face's stand-in, without a real model and without a memory of other tests."""
    return _forgetful(running_hub)


@pytest.fixture
def one_sided_hub(running_one_sided_hub: HuggingFaceStandIn) -> HuggingFaceStandIn:
    """As `hub`, with a model whose looks at a photo and at its mirror image contradict each other."""
    return _forgetful(running_one_sided_hub)


def _forgetful(hub: HuggingFaceStandIn) -> HuggingFaceStandIn:
    hub.reset()
    hub.rotate_token(TOKEN)
    return hub
