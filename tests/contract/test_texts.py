"""README and docs tell of everything that a caller or an operator can meet, and what they point to is there."""

import json
import re
from pathlib import Path

import pytest

from background_remover.http.problems import STATUS
from tests.contract.template import API, CATCH_ALL, FUNCTIONS, PARAMETERS, RESOURCES, api_events, gateway_problem
from tests.documented import as_response, assert_documented
from tests.project import PROJECT

TEXTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *PROJECT.glob("docs/*.md"), *PROJECT.glob(".github/*.md")]
# The code of a bug of ours (http/api.py) is the gateway's own as well.
CODES = {*STATUS, *(gateway_problem(kind)["code"] for kind in API["GatewayResponses"])}


def in_backticks(name: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", (PROJECT / name).read_text()))


def test_every_route_is_told_of_and_no_other() -> None:
    told = {text for text in in_backticks("docs/api.md") if re.match(r"[A-Z]+ /(api|v1.0)/", text)}
    assert told == {route for _, route, _ in api_events() if not route.startswith("OPTIONS ") and route != CATCH_ALL}


def test_every_problem_code_is_told_of() -> None:
    assert sorted(CODES - in_backticks("docs/api.md")) == []


def test_every_parameter_of_the_template_is_told_of() -> None:
    assert sorted(set(PARAMETERS) - in_backticks("docs/operations.md")) == []


def test_the_answer_in_the_readme_is_one_of_the_apis() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    answer = {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": example}
    assert json.loads(example)["status"] == "completed"
    assert_documented("POST /api/background-remover/remove", as_response(answer))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_link_leads_somewhere(text: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text.read_text())
    broken = []
    for link in (link for link in links if not link.startswith(("http://", "https://"))):
        name, _, anchor = link.partition("#")
        target = (text.parent / name).resolve() if name else text
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_make_target_that_is_named_exists(text: Path) -> None:
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`|; )make ([a-z][a-z-]+)", text.read_text(), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("text", [text for text in TEXTS if text.name != "decisions.md"], ids=lambda text: text.name)
def test_every_file_that_is_named_exists(text: Path) -> None:
    """In backticks with a folder before it. Decisions name what there was when they were made."""
    roots = [PROJECT, *(PROJECT / "layers" / folder for folder in ("core/background_remover", "imaging"))]
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|json|md|yaml))`", text.read_text())
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_the_diagrams_name_functions_of_the_template() -> None:
    diagram = re.search(r"```mermaid\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert diagram
    drawn = re.search(r"subgraph functions\n(.*?)\n  end", diagram[1], re.DOTALL)
    assert drawn
    folders = {Path(function["CodeUri"]).name for function in FUNCTIONS.values()}
    assert set(drawn[1].split()) - folders == set()


def test_every_function_can_be_run_in_a_container_as_it_is_written() -> None:
    text = (PROJECT / "docs/operations.md").read_text()
    shown = set(re.findall(r"sam local invoke (\w+) -e events/(\w+)\.json", text))
    # There is a version to try only while CodeDeploy deploys.
    assert {name for name, _ in shown} == set(FUNCTIONS) - {"AuthorizeFunction", "SmokeTestFunction"}
    assert "sam local invoke AuthorizeFunction -e -" in text
    assert [event for _, event in shown if not (PROJECT / f"events/{event}.json").exists()] == []


def test_every_alarm_is_told_of() -> None:
    alarms = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert sorted(alarms - in_backticks("docs/operations.md")) == []


def test_the_index_has_every_decision() -> None:
    text = (PROJECT / "docs/decisions.md").read_text()
    index, _, _ = text.partition("\n## ")
    titles = re.findall(r"^## \d{4}-\d\d-\d\d · (.+)$", text, re.MULTILINE)
    assert [title for title in titles if f"[{title}](" not in index] == []


def anchors(text: Path) -> set[str]:
    """As GitHub makes them of headings: https://docs.github.com/en/get-started/writing-on-github."""
    headings = re.findall(r"^#+ (.+)$", text.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
