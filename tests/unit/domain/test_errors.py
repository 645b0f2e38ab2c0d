from collections import Counter

import pytest

from background_remover.domain import (
    account_errors,
    credit_errors,
    image_errors,
    inference_errors,
    job_errors,
    request_errors,
)
from background_remover.domain.errors import DomainError
from background_remover.http.problems import STATUS

MODULES = (account_errors, credit_errors, image_errors, inference_errors, job_errors, request_errors)
ERRORS = {
    kind
    for module in MODULES
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, DomainError)
}
WITH_CODE = sorted((kind for kind in ERRORS if "code" in vars(kind)), key=lambda kind: kind.code)


def test_no_two_errors_share_a_code() -> None:
    assert [code for code, times in Counter(kind.code for kind in WITH_CODE).items() if times > 1] == []


def test_only_the_groups_that_are_never_raised_themselves_have_no_code() -> None:
    assert ERRORS - set(WITH_CODE) == {DomainError, image_errors.ImageError, inference_errors.InferenceError}


@pytest.mark.parametrize("kind", WITH_CODE, ids=lambda kind: kind.code)
def test_every_error_has_a_status(kind: type[DomainError]) -> None:
    assert 400 <= STATUS[kind.code] < 600


def test_no_status_is_kept_for_a_code_that_is_gone() -> None:
    assert set(STATUS) == {kind.code for kind in WITH_CODE}


def test_an_error_says_its_detail_and_carries_its_members() -> None:
    error = credit_errors.InsufficientCreditsError("This costs 8.", required=8, available=3)

    assert str(error) == error.detail == "This costs 8."
    assert error.members == {"required": 8, "available": 3}
