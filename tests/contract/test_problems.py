"""Every refusal has its status."""

import re
from collections.abc import Iterator

from background_remover.domain.errors import DomainError
from background_remover.http.problems import STATUS


def test_every_error_that_has_a_code_has_a_status() -> None:
    assert {error.code for error in with_code(DomainError)} == set(STATUS)


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in with_code(DomainError)]
    assert len(codes) == len(set(codes))


def test_all_errors_live_in_the_domain() -> None:
    elsewhere = {
        error.__module__
        for error in with_code(DomainError)
        if not re.fullmatch(r"background_remover\.domain\.[a-z]+_errors", error.__module__)
    }
    assert elsewhere == set()


def with_code(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    """The subclasses that define a code, at any depth, without those of tests."""
    for error in kind.__subclasses__():
        if "code" in vars(error) and error.__module__.startswith("background_remover."):
            yield error
        yield from with_code(error)
