"""What docs/threat-model.md promises of the template and the answers; and each of its lines says how it is known."""

from __future__ import annotations

import ast
import base64
import json
import re
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from background_remover.domain.identity import USER_ID
from background_remover.gateways.hugging_face.excerpts import told
from background_remover.http import fields, headers
from tests.contract.deployment import Deployment, event
from tests.contract.template import API, RESOURCES, TEMPLATE
from tests.project import PROJECT

MODEL = PROJECT / "docs/threat-model.md"
LINES = [line for line in MODEL.read_text().splitlines() if line.startswith("| ") and " known by |" not in line]
TESTS = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", MODEL.read_text())))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[2:40])
def test_each_line_of_the_threat_model_has_a_test_or_a_reason(line: str) -> None:
    *_, known_by, _ = line.split("|")
    assert re.fullmatch(r" (`[\w/]+\.py::\w+`(, )?)+ | reason: .+ ", known_by)


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_each_test_that_the_threat_model_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((PROJECT / "tests" / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_threat_model_has_all_its_attackers() -> None:
    assert len(re.findall(r"^## ", MODEL.read_text(), re.MULTILINE)) == 11
    assert len(LINES) > 40


def deployed_resources() -> dict[str, Any]:
    """As CloudFormation sees them, after SAM's transform."""
    template = json.loads(json.dumps(TEMPLATE))
    for resource in template["Resources"].values():
        if resource["Type"] in ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion"):
            place = "CodeUri" if "CodeUri" in resource["Properties"] else "ContentUri"
            resource["Properties"][place] = "s3://bucket/key"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    resources: dict[str, Any] = translator.translate(template, {})["Resources"]
    return resources


def test_a_service_may_invoke_a_function_for_our_own_resources_only() -> None:
    permissions = [
        each["Properties"] for each in deployed_resources().values() if each["Type"] == "AWS::Lambda::Permission"
    ]

    assert {each["Principal"] for each in permissions} == {
        "apigateway.amazonaws.com",
        "cognito-idp.amazonaws.com",
        "events.amazonaws.com",
        "s3.amazonaws.com",
    }
    assert [each for each in permissions if not ({"SourceArn", "SourceAccount"} & set(each))] == []
    # A bucket's name says nothing of whose it is.
    assert all(
        each["SourceAccount"] == {"Ref": "AWS::AccountId"}
        for each in permissions
        if each["Principal"].startswith("s3.")
    )


def test_nobody_outside_of_the_account_may_put_billing_events() -> None:
    assert "Policy" not in RESOURCES["BillingEventBus"]["Properties"]
    assert not [name for name, each in RESOURCES.items() if each["Type"] == "AWS::Events::EventBusPolicy"]


def test_no_answer_of_the_api_is_guessed_at(deployment: Deployment) -> None:
    unknown = event("jobs") | {"resource": "/{proxy+}"}
    for function, request in (
        ("HealthFunction", event("health")),
        ("DocsFunction", event("docs")),
        ("DocsFunction", event("docs_asset")),
        ("CreditsFunction", event("credits")),
        ("FallbackFunction", unknown),
    ):
        assert deployment.invoke(function, request)["headers"]["X-Content-Type-Options"] == "nosniff"
    for response in API["GatewayResponses"].values():
        assert response["ResponseParameters"]["Headers"]["X-Content-Type-Options"] == "'nosniff'"


def test_no_answer_lets_a_browser_send_credentials_by_itself(deployment: Deployment) -> None:
    request = event("credits")
    request["headers"] |= {"Origin": "https://evil.example"}

    headers = deployment.invoke("CreditsFunction", request)["headers"]

    assert "Access-Control-Allow-Credentials" not in headers
    assert "Set-Cookie" not in headers
    assert "Access-Control-Allow-Credentials" not in json.dumps(API)


def test_a_form_is_for_one_key_and_fifteen_minutes(deployment: Deployment) -> None:
    job = deployment.await_upload()

    form = deployment.objects.upload_form(job, datetime.now(UTC))

    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    assert {"key": f"inputs/{job.user_id}/{job.job_id}"} in policy["conditions"]
    assert {"Content-Type": job.source.content_type} in policy["conditions"]
    assert ["content-length-range", 1, 10_000_000] in policy["conditions"]
    assert not [each for each in policy["conditions"] if isinstance(each, list) and each[0] == "starts-with"]
    assert datetime.fromisoformat(policy["expiration"]) <= datetime.now(UTC) + timedelta(minutes=15, seconds=1)


def test_what_a_caller_sends_makes_no_line_of_its_own_in_a_log(deployment: Deployment, log: StringIO) -> None:
    request = event("jobs") | {"multiValueQueryStringParameters": {"tier": ['x"}\n{"level": "ERROR"}\r\n\u2028']}}

    assert deployment.invoke("JobsFunction", request)["statusCode"] == 422

    (line,) = log.getvalue().strip().split("\n")
    assert (json.loads(line)["level"], json.loads(line)["message"]) == ("INFO", "Refused")


LONG = 20_000
CLEVER = [each * LONG for each in ("a", "1", " ", "?", "?a=", "/", "hf_")] + ["a" * LONG + "!"]


@pytest.mark.parametrize("text", CLEVER, ids=lambda text: text[:4])
def test_no_pattern_for_input_takes_long(text: str) -> None:
    patterns = [USER_ID, headers.IDEMPOTENCY_KEY, fields._MARGINS, fields._POSITION, fields._REGION]
    started = time.process_time()

    for pattern in patterns:
        re.fullmatch(pattern, text)
    told(text)

    assert time.process_time() - started < 0.5
