"""The page of `GET /api/docs`: it works wherever the stage is, and loads nothing from anybody else."""

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.contract.deployment import Deployment, event
from tests.documented import DOCUMENT

PAGE = "https://api.example.com/live/api/docs"
LARGEST_ANSWER = 6 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


def page(deployment: Deployment) -> Any:
    return deployment.invoke("DocsFunction", event("docs"))


def asset(deployment: Deployment, name: str) -> Any:
    return deployment.invoke("DocsFunction", event("docs_asset") | {"pathParameters": {"asset": name}})


def files_of(html: str) -> list[str]:
    """What the page loads, as addresses."""
    return [urljoin(PAGE, link) for link in re.findall(r'(?:src|href)="([^"]+)"', html) if not link.startswith("data:")]


def test_every_file_that_the_page_loads_is_served_beside_it(deployment: Deployment) -> None:
    files = files_of(page(deployment)["body"])

    assert len(files) == 2
    for file in files:
        folder, _, name = urlsplit(file).path.rpartition("/")
        assert (urlsplit(file).netloc, folder) == ("api.example.com", "/live/api/docs")
        assert asset(deployment, name)["statusCode"] == 200


def test_the_page_shows_the_document_of_its_own_stage(deployment: Deployment) -> None:
    (document,) = re.findall(r'url: "([^"]+)"', page(deployment)["body"])

    assert urljoin(PAGE, document) == "https://api.example.com/live/api/openapi.json"
    assert deployment.invoke("DocsFunction", event("openapi"))["body"] == DOCUMENT.read_text()


def test_the_documents_server_is_its_own_stage() -> None:
    (server,) = json.loads(DOCUMENT.read_text())["servers"]
    assert urljoin("https://api.example.com/live/api/openapi.json", server["url"]) == "https://api.example.com/live/"


def test_the_page_runs_its_own_script_and_no_other(deployment: Deployment) -> None:
    answer = page(deployment)
    (script,) = re.findall(r"<script>(.+?)</script>", answer["body"])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    policy = dict(rule.split(" ", 1) for rule in answer["headers"]["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert "unsafe" not in " ".join(policy.values())


def test_files_are_kept_for_a_year_and_the_page_names_their_version(deployment: Deployment) -> None:
    assert asset(deployment, "swagger-ui.css")["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", urlsplit(file).query) for file in files_of(page(deployment)["body"]))
    assert page(deployment)["headers"]["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize(
    "name", ["VERSION", "../__init__.py", "..", "/etc/passwd", "%2e%2e%2fapp.py", "swagger-ui.css\0", ""]
)
def test_no_other_file_is_served(deployment: Deployment, name: str) -> None:
    answer = asset(deployment, name)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "route_not_found")


def test_the_largest_file_fits_into_an_answer_of_lambda(deployment: Deployment) -> None:
    assert len(json.dumps(asset(deployment, "swagger-ui-bundle.js"))) < LARGEST_ANSWER
