import json

import pytest

from tests.audit_dependencies import PINNED, UnreachableError, findings
from tests.contract.test_requirements import PINNED as ALL_PINNED


def answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_every_pinned_file_is_audited() -> None:
    assert sorted(PINNED) == sorted(ALL_PINNED)


def test_an_advisory_is_told_with_what_mends_it() -> None:
    package = {"name": "pillow", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}

    assert findings(1, answer(package), "") == ["pillow 1.0: CVE-1, mended in 1.1"]


def test_nothing_is_told_where_there_is_no_advisory() -> None:
    assert findings(0, answer({"name": "pillow", "version": "1.0", "vulns": []}), "") == []


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        ("", "Traceback\nrequests.exceptions.ConnectionError: Failed to resolve"),
        (answer({"name": "pillow", "skip_reason": "Dependency not found on PyPI"}), "No known vulnerabilities found"),
    ],
)
def test_a_database_that_does_not_answer_is_no_clean_result(output: str, errors: str) -> None:
    with pytest.raises(UnreachableError):
        findings(1, output, errors)


def test_any_other_failure_is_one() -> None:
    with pytest.raises(RuntimeError, match="not pinned"):
        findings(1, "", "ERROR: requirement is not pinned")
