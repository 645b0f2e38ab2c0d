"""The OpenAPI document is what the models make, valid, and one with the template, the code and docs/api.md."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from background_remover.domain.jobs import UNKNOWN_TYPE
from background_remover.http.problems import STATUS
from background_remover.openapi import problems
from background_remover.openapi.__main__ import text
from background_remover.openapi.routes import ROUTES
from tests.contract.template import API, CATCH_ALL, api_events, gateway_problem
from tests.documented import DOCUMENT, SCHEMA
from tests.project import PROJECT

CONTENT: dict[str, Any] = json.loads(DOCUMENT.read_text())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in CONTENT["paths"].items()
    for method, operation in methods.items()
]


def codes(operation: dict[str, Any]) -> dict[str, int]:
    """The status of each problem that the operation answers with, by its code."""
    return {
        code: int(status)
        for status, answer in operation["responses"].items()
        for code in answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }


DECLARED = {code: status for _, operation in OPERATIONS for code, status in codes(operation).items()}


def test_the_file_is_what_the_models_make() -> None:
    assert DOCUMENT.read_text() == text(), "Write it anew with: make openapi"


def test_it_is_valid_openapi() -> None:
    assert CONTENT["openapi"].startswith("3.1.")
    SCHEMA.validate()


def test_every_reference_leads_to_something() -> None:
    for kind, name in set(re.findall(r'"#/components/(\w+)/(\w+)"', DOCUMENT.read_text())):
        assert name in CONTENT["components"][kind]


def test_it_has_every_route_of_the_template_and_no_other() -> None:
    routed = {route for _, route, _ in api_events() if not route.startswith("OPTIONS ") and route != CATCH_ALL}
    assert {route for route, _ in OPERATIONS} == routed


def test_it_asks_for_a_token_where_the_template_does() -> None:
    open_routes = {route for _, route, trigger in api_events() if "Auth" in trigger}
    for route, operation in OPERATIONS:
        assert ("security" in operation) == (route in open_routes), route


def test_no_two_operations_share_a_name() -> None:
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_every_code_that_it_has_is_one_that_the_code_or_the_gateway_gives_with_that_status() -> None:
    given = {**{code: status for code, (status, _) in problems.GATEWAY.items()}, **STATUS}
    assert {code: given[code].value for code in DECLARED} == DECLARED


def test_every_code_that_can_be_given_is_in_it() -> None:
    assert set(STATUS) - set(DECLARED) == set()


def test_the_docs_have_every_code_with_its_status() -> None:
    text = (PROJECT / "docs/api.md").read_text()
    told = {
        code: int(status)
        for status, cell in re.findall(r"^\| (\d{3}) \| (.+) \|$", text, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", cell)
    }
    assert {code: told.get(code) for code in DECLARED} == DECLARED


@pytest.mark.parametrize("kind", API["GatewayResponses"])
def test_it_has_what_api_gateway_answers_by_itself(kind: str) -> None:
    answer = gateway_problem(kind)
    status, detail = problems.GATEWAY[answer["code"]]
    assert (answer["detail"], answer.get("status", status), answer.get("title", status.phrase)) == (
        detail,
        status.value,
        status.phrase,
    )
    assert_valid(problems.schema(answer["code"]), answer)


def test_every_object_of_an_answer_is_closed() -> None:
    """So that a field which is answered but not described fails whichever test meets it."""
    answers = [(route, operation["responses"]) for route, operation in OPERATIONS if route != "GET /api/openapi.json"]
    schemas = CONTENT["components"]["schemas"]
    open_objects = {
        where
        for where, schema in [*objects_in(answers, "answers"), *objects_in(schemas, "schemas")]
        if schema.get("additionalProperties") is not False
    }
    # What S3 wants in a form is S3's; what clients of remove.bg send besides its parameters is not looked at.
    assert open_objects == {"schemas.Upload.properties.fields", "schemas.RemoveBgJson"}


def objects_in(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield where, node
        for name, value in node.items():
            yield from objects_in(value, f"{where}.{name}")
    elif isinstance(node, (list, tuple)):
        for number, value in enumerate(node):
            yield from objects_in(value, f"{where}.{number}")


def bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of the document that is no binary file: where it is, and its media type object."""
    for route, operation in OPERATIONS:
        answers = {status: answer.get("content", {}) for status, answer in operation["responses"].items()}
        for where, content in {"request": operation.get("requestBody", {}).get("content", {}), **answers}.items():
            for media_type, body in content.items():
                if not (media_type.startswith("image/") or media_type in (UNKNOWN_TYPE, "application/zip")):
                    yield f"{route} {where} {media_type}", body


@pytest.mark.parametrize(("where", "body"), [pytest.param(where, body, id=where) for where, body in bodies()])
def test_every_body_has_examples_that_fit_it(where: str, body: dict[str, Any]) -> None:
    examples = [body["example"]] if "example" in body else [resolved(each) for each in body["examples"].values()]
    assert examples, where
    for example in examples:
        assert_valid(body["schema"], example)


def resolved(example: dict[str, Any]) -> Any:
    if "$ref" in example:
        example = CONTENT["components"]["examples"][example["$ref"].rpartition("/")[2]]
    return example["value"]


def assert_valid(schema: dict[str, Any], value: Any) -> None:
    jsonschema_rs.Draft202012Validator({**schema, "components": CONTENT["components"]}).validate(value)
