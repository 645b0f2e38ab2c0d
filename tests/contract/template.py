"""What the contract tests ask of template.yaml."""

import json
from pathlib import Path
from typing import Any

from tests.template_yaml import RESOURCES as RESOURCES
from tests.template_yaml import TEMPLATE as TEMPLATE
from tests.template_yaml import properties_of as properties_of

PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
GLOBAL: dict[str, Any] = TEMPLATE["Globals"]["Function"]
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
            case {"Fn::Join": [str(separator), [*parts]]}:
                return separator.join(map(plain, parts))
            case {"Fn::If": [_, then, _]}:
                return plain(then)
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
