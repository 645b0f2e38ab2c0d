"""That `tests/e2e/test_logged.py` would notice."""

import json
from io import StringIO

import pytest

from tests.contract.deployment import API_KEY, Deployment, event
from tests.stack.spilled import spilled


def test_a_function_that_logs_its_requests_is_found_out(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    request = event("credits")
    request["headers"]["Authorization"] = f"Bearer {API_KEY}"

    deployment.invoke("CreditsFunction", request)

    found = [each for line in log.getvalue().splitlines() for each in spilled(line)]
    assert {each.partition(":")[0] for each in found} == {"an API key", "a header of authorization"}


@pytest.mark.parametrize("name", ["authorize", "credits"])
def test_the_functions_as_they_are_log_no_request(deployment: Deployment, log: StringIO, name: str) -> None:
    deployment.make_api_key()
    request = event(name)
    if "headers" in request:
        request["headers"]["Authorization"] = f"Bearer {API_KEY}"

    deployment.invoke(f"{name.title()}Function", request)

    output = log.getvalue()
    assert API_KEY not in output
    assert [each for line in output.splitlines() for each in spilled(line)] == []
    assert all(json.loads(line) for line in output.splitlines())
