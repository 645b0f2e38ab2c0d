"""template.yaml as data. `!Ref X` is read as `{"Ref": "X"}`, `!GetAtt X.Y` as `{"Fn::GetAtt": "X.Y"}`, and so on."""

import json
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    match node:
        case yaml.ScalarNode():
            return {name: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case _:
            raise ValueError(f"{tag} of {node}")


_Loader.add_multi_constructor("!", _intrinsic)

TEMPLATE: dict[str, Any] = yaml.load((PROJECT / "template.yaml").read_text(), _Loader)  # noqa: S506 a SafeLoader
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
GLOBAL: dict[str, Any] = TEMPLATE["Globals"]["Function"]


def properties_of(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


FUNCTIONS = properties_of("AWS::Serverless::Function")
API: dict[str, Any] = RESOURCES["Api"]["Properties"]


def folder_of(function: str) -> str:
    """The name of the function's folder in functions/."""
    return Path(FUNCTIONS[function]["CodeUri"]).name


def environment_of(function: str) -> dict[str, Any]:
    own = FUNCTIONS[function].get("Environment", {"Variables": {}})
    return {**GLOBAL["Environment"]["Variables"], **own["Variables"]}


def plain_environment_of(function: str) -> dict[str, str]:
    """The environment without AWS: parameters have their defaults, resources their logical ids as names."""

    def plain(value: Any) -> str:
        match value:
            case {"Ref": name}:
                return str(PARAMETERS[name]["Default"]) if name in PARAMETERS else name
            case str():
                return value
            case _:
                return "https://example.com"

    return {name: plain(value) for name, value in environment_of(function).items() if name != "AWS_ENDPOINT_URL"} | {
        "AWS_DEFAULT_REGION": "us-east-1"
    }


def statements_of(function: str) -> list[dict[str, Any]]:
    """The statements of the function's role, `Action` and `Resource` being lists."""

    def listed(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    role = RESOURCES[f"{function.removesuffix('Function')}Role"]["Properties"]
    return [
        {**statement, "Action": listed(statement["Action"]), "Resource": listed(statement["Resource"])}
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


CATCH_ALL = "ANY /{proxy+}"
"""The route of what is no route."""


def api_events() -> list[tuple[str, str, dict[str, Any]]]:
    """Every route as (function, "METHOD /path", properties of the event)."""
    return [
        (function, f"{event['Properties']['Method'].upper()} {event['Properties']['Path']}", event["Properties"])
        for function, properties in FUNCTIONS.items()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "Api"
    ]


def gateway_problem(kind: str) -> dict[str, Any]:
    """The problem document of a gateway response, as API Gateway renders it."""
    body = API["GatewayResponses"][kind]["ResponseTemplates"]["application/json"]
    document: dict[str, Any] = json.loads(
        body.replace("$context.error.messageString", '"Bad request"').replace("$context.requestId", "5c2f8a10")
    )
    return document
