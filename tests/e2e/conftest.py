from itertools import count

import pytest

from tests.conftest import SIGNUP_CREDITS as SIGNUP_CREDITS
from tests.e2e.caller import Caller
from tests.stack.local_stack import LocalStack

_numbers = count()


@pytest.fixture
def caller(stack: LocalStack) -> Caller:
    """A user whom nobody has seen before, with the signup credits."""
    return Caller(stack, f"user{next(_numbers)}@example.com")


@pytest.fixture
def stranger(stack: LocalStack) -> Caller:
    return Caller(stack, f"stranger{next(_numbers)}@example.com")
