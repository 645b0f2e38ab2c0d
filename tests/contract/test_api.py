"""The API of the template: its routes, who may call them, and what API Gateway answers by itself."""

from collections import defaultdict
from typing import Any, get_args

import pytest

from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.http.problems import CONTENT_TYPE
from tests.contract.deployment import Deployment, app_of, event
from tests.contract.template import API, CATCH_ALL, FUNCTIONS, GLOBAL, RESOURCES, api_events, gateway_problem

RESPONSES: dict[str, Any] = API["GatewayResponses"]
STATUSES = {
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "INTEGRATION_TIMEOUT": 504,
}
ROUTES = [each for each in api_events() if not each[1].startswith("OPTIONS ") and each[1] != CATCH_ALL]
PREFLIGHTS = [
    (function, route.removeprefix("OPTIONS "), trigger)
    for function, route, trigger in api_events()
    if route.startswith("OPTIONS ")
]
PUBLIC = {
    *("GET /api/health", "GET /api/openapi.json", "GET /api/docs", "GET /api/docs/{asset}"),
    # They authenticate by themselves, and are for programs: tests/contract/test_removebg.py.
    *("POST /v1.0/removebg", "GET /v1.0/account"),
}


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("function", sorted({function for function, _, _ in ROUTES} - {"HealthFunction"}))
def test_the_template_routes_to_a_function_what_the_function_serves(function: str) -> None:
    routed = {route for owner, route, _ in ROUTES if owner == function}
    assert set(app_of(function).api.routes) == routed


def test_every_route_but_health_and_docs_and_those_of_remove_bg_needs_a_token() -> None:
    assert API["Auth"]["DefaultAuthorizer"] == "BearerToken"
    open_routes = {route for _, route, trigger in ROUTES if "Auth" in trigger}
    assert open_routes == PUBLIC


def test_what_is_no_route_is_not_found_without_a_token(deployment: Deployment) -> None:
    ((function, trigger),) = [(function, trigger) for function, route, trigger in api_events() if route == CATCH_ALL]
    assert trigger["Auth"] == {"Authorizer": "NONE"}
    request = event("jobs") | {"httpMethod": "PUT", "resource": "/{proxy+}", "path": "/anything"}
    answer = deployment.invoke(function, request)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (404, CONTENT_TYPE)


def test_the_authorizer_takes_the_bearer_token_of_one_header_and_is_asked_for_every_request() -> None:
    assert API["Auth"]["Authorizers"]["BearerToken"] == {
        "FunctionArn": {"Fn::Sub": "${AuthorizeFunction.Arn}:live"},
        "DisableFunctionDefaultPermissions": True,
        "FunctionPayloadType": "TOKEN",
        "Identity": {"Header": "Authorization", "ReauthorizeEvery": 0},
    }


def test_the_gateway_may_call_the_authorizer_as_soon_as_it_has_its_alias() -> None:
    permission = RESOURCES["ApiMayAskTheAuthorizer"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "AuthorizeFunction.Alias"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/authorizers/*")


def test_browsers_may_ask_about_every_path_that_needs_a_token_without_one() -> None:
    assert {path for _, path, _ in PREFLIGHTS} == {route.split()[1] for _, route, _ in ROUTES if route not in PUBLIC}
    assert all(trigger["Auth"] == {"Authorizer": "NONE"} for _, _, trigger in PREFLIGHTS)


def test_no_function_has_one_path_with_and_without_authorizer() -> None:
    """`sam local start-api` makes one route of them, and gives it the authorizer of any one of its methods.

    https://github.com/aws/aws-sam-cli/blob/develop/samcli/lib/providers/api_collector.py, dedupe_function_routes
    """
    authorizers = defaultdict(set)
    for function, route, trigger in api_events():
        authorizers[function, route.split()[1]].add(trigger.get("Auth", {}).get("Authorizer", "BearerToken"))
    assert {where: found for where, found in authorizers.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("function", "path"), [(function, path) for function, path, _ in PREFLIGHTS])
def test_a_preflight_allows_the_methods_of_its_path(deployment: Deployment, function: str, path: str) -> None:
    request = event("jobs")
    request |= {"httpMethod": "OPTIONS", "resource": path, "path": path.replace("{jobId}", "01")}
    request["headers"] = {"Origin": "https://example.com"}

    answer = deployment.invoke(function, request)

    assert answer["statusCode"] == 204
    methods = {route.split()[0] for _, route, _ in ROUTES if route.split()[1] == path}
    assert methods <= set(answer["headers"]["Access-Control-Allow-Methods"].split(","))
    assert {"Authorization", "Content-Type"} <= set(answer["headers"]["Access-Control-Allow-Headers"].split(","))
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://example.com"


def test_no_route_takes_longer_than_the_gateway_waits() -> None:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    assert max(FUNCTIONS[function].get("Timeout", GLOBAL["Timeout"]) for function, _, _ in ROUTES) <= 29


def test_every_event_belongs_to_this_api() -> None:
    assert all(trigger["RestApiId"] == {"Ref": "Api"} for _, _, trigger in api_events())


def test_binary_media_types_have_no_wildcard_but_that_for_everything() -> None:
    # `sam local` matches all others exactly.
    assert {*get_args(PhotoType), UNKNOWN_TYPE, "multipart/form-data"} <= set(API["BinaryMediaTypes"])
    assert [kind for kind in API["BinaryMediaTypes"] if "*" in kind] == ["*/*"]


def test_the_gateways_own_errors_are_all_covered() -> None:
    assert set(RESPONSES) == {*STATUSES, "DEFAULT_4XX", "DEFAULT_5XX"}


@pytest.mark.parametrize("kind", RESPONSES)
def test_an_error_of_the_gateway_is_a_problem_document_that_a_browser_may_read(kind: str) -> None:
    headers = RESPONSES[kind]["ResponseParameters"]["Headers"]
    assert headers["Content-Type"] == f"'{CONTENT_TYPE}'"
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    # A default stands for many statuses, and a template cannot know which one it is.
    named = {"title", "status"} if kind in STATUSES else set()
    assert set(gateway_problem(kind)) == {"type", "code", "detail", "requestId"} | named


@pytest.mark.parametrize("kind", STATUSES)
def test_an_error_of_the_gateway_has_the_status_that_its_document_names(kind: str) -> None:
    assert RESPONSES[kind]["StatusCode"] == gateway_problem(kind)["status"] == STATUSES[kind]
