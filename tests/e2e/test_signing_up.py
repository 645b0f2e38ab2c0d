"""Sign-up as Cognito does it: before it issues tokens it calls the function that welcomes."""

from __future__ import annotations

import secrets

from tests.e2e.caller import Caller
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.stack.local_stack import LocalStack


def test_a_second_user_of_a_mailbox_gets_no_credits_and_is_told_so(stack: LocalStack) -> None:
    name = secrets.token_hex(4)
    first = Caller(stack, f"{name}@gmail.com")
    second = Caller(stack, f"{name[:3]}.{name[3:]}+2@googlemail.com")

    assert (first.balance(), second.balance()) == ((SIGNUP_CREDITS, 0), (0, 0))
    refused = second.remove()
    assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
    assert refused.json()["detail"] == "This costs 3 credits and you have 0 available."
