"""Many first sign-ins at once, as `test_at_once` does it."""

from __future__ import annotations

from tests.integration.jobs.test_at_once import at_once, one_call_at_a_time
from tests.integration.jobs.test_welcomes import Service, given_credits, service

__all__ = ["one_call_at_a_time", "service"]


def test_many_sign_ins_of_a_new_user_at_once_welcome_once(service: Service) -> None:
    at_once(10, lambda _: service.sign_in("anna", "anna@example.com"))

    assert given_credits() == {"anna": 1}


def test_of_many_users_of_one_mailbox_at_once_one_gets_the_credits(service: Service) -> None:
    at_once(10, lambda number: service.sign_in(f"eve{number}", f"a.n.na+{number}@gmail.com"))

    assert sum(given_credits().values()) == 1


def test_of_many_new_users_at_once_no_more_than_the_days_get_credits(service: Service) -> None:
    service.a_day = 4

    at_once(10, lambda number: service.sign_in(f"user{number}", f"user{number}@example.com"))

    assert sorted(given_credits().values()) == [1, 1, 1, 1]
