"""README.md tells of everything that a caller or an operator can meet."""

import re

import pytest

from background_remover.http.problems import STATUS
from tests.contract.template import API, CATCH_ALL, PARAMETERS, PROJECT, api_events, gateway_problem

# The code of a bug of ours (http/api.py) is the gateway's own as well.
CODES = {*STATUS, *(gateway_problem(kind)["code"] for kind in API["GatewayResponses"])}


@pytest.fixture(scope="module")
def in_backticks() -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", (PROJECT / "README.md").read_text()))


def test_the_readme_has_every_route_and_no_other(in_backticks: set[str]) -> None:
    told = {text for text in in_backticks if re.match(r"[A-Z]+ /api/", text)}
    assert told == {route for _, route, _ in api_events() if not route.startswith("OPTIONS ") and route != CATCH_ALL}


def test_the_readme_has_every_problem_code(in_backticks: set[str]) -> None:
    assert sorted(CODES - in_backticks) == []


def test_the_readme_has_every_parameter_of_the_template(in_backticks: set[str]) -> None:
    assert sorted(set(PARAMETERS) - in_backticks) == []
