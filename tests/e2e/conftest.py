from collections.abc import Iterator
from itertools import count

import pytest

from tests.e2e.caller import Caller
from tests.stack.local_stack import LocalStack

SIGNUP_CREDITS = 30
_numbers = count()


@pytest.fixture(scope="session")
def running_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("stack")
    with LocalStack.start(folder, parameters={"SignupCredits": str(SIGNUP_CREDITS)}, real_model=False) as stack:
        yield stack


@pytest.fixture
def stack(running_stack: LocalStack) -> LocalStack:
    running_stack.hugging_face.reset()
    running_stack.drop_jobs()
    running_stack.hugging_face.forget_requests()
    return running_stack


@pytest.fixture
def caller(stack: LocalStack) -> Caller:
    """A user whom nobody has seen before, with the signup credits."""
    return Caller(stack, f"user{next(_numbers)}@example.com")


@pytest.fixture
def stranger(stack: LocalStack) -> Caller:
    return Caller(stack, f"stranger{next(_numbers)}@example.com")
