"""The page's function: what lies in the bucket and is kept how long; and CloudFormation hears of it in every case."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from background_remover import __version__
from tests.contract.cloudformation import Waiting, waiting
from tests.contract.deployment import PAGE_BUCKET, Deployment, event
from tests.contract.template import RESOURCES
from tests.project import PROJECT

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

PAGE = PROJECT / "functions/publish_page/page"
FUNCTION = "PublishPageFunction"


class Publisher:
    """The function with a page of the test's own."""

    def __init__(self, deployment: Deployment, cloudformation: Waiting, page: Path, patch: pytest.MonkeyPatch) -> None:
        self._deployment = deployment
        self._cloudformation = cloudformation
        self._page = page
        self._patch = patch

    def has(self, **files: str) -> None:
        """Names have `__` for a slash and `_` for a full stop."""
        for name, content in files.items():
            file = self._page / name.replace("__", "/").replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def request(self, kind: str, **changes: Any) -> dict[str, Any]:
        """What CloudFormation is answered."""
        asked = event("publish_page") | {"RequestType": kind, "ResponseURL": self._cloudformation.url} | changes
        # The module is run anew by each invocation, and finds the page beside itself.
        with self._patch.context() as patch:
            patch.setattr(Path, "with_name", lambda path, name: self._page if name == "page" else path.parent / name)
            self._deployment.invoke(FUNCTION, asked)
        return self._cloudformation.answers[-1]

    def files(self) -> dict[str, Any]:
        s3 = boto3.client("s3")
        listed = s3.list_objects_v2(Bucket=PAGE_BUCKET).get("Contents", [])
        return {item["Key"]: s3.get_object(Bucket=PAGE_BUCKET, Key=item["Key"]) for item in listed}

    def folders(self) -> set[str]:
        return {key.split("/")[1] for key in self.files() if key.startswith("assets/")}

    def html(self) -> str:
        text: str = self.files()["index.html"]["Body"].read().decode()
        return text


@pytest.fixture
def cloudformation() -> Iterator[Waiting]:
    with waiting() as told:
        yield told


@pytest.fixture
def publisher(
    deployment: Deployment, cloudformation: Waiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Publisher:
    publisher = Publisher(deployment, cloudformation, tmp_path / "page", monkeypatch)
    publisher.has(index_html='<script type="module" src="main.js"></script>', main_js="1", texts__en_json="{}")
    return publisher


def test_publish_page_json_puts_the_projects_own_page_into_its_bucket(
    deployment: Deployment, cloudformation: Waiting
) -> None:
    deployment.invoke(FUNCTION, event("publish_page") | {"ResponseURL": cloudformation.url})

    (answer,) = cloudformation.answers
    asked = event("publish_page")
    assert answer == {
        **{name: asked[name] for name in ("RequestId", "StackId", "LogicalResourceId")},
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": PAGE_BUCKET,
    }
    assert cloudformation.content_types == [""]
    published = {item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=PAGE_BUCKET)["Contents"]}
    assert len(published) == 1 + sum(file.is_file() for file in PAGE.rglob("*"))


def test_all_but_the_document_and_the_configuration_is_kept_for_a_year(publisher: Publisher) -> None:
    publisher.request("Create")

    (folder,) = publisher.folders()
    assert {key: (file["ContentType"], file["CacheControl"]) for key, file in publisher.files().items()} == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "config.json": ("application/json", "no-cache"),
        f"assets/{folder}/main.js": ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        f"assets/{folder}/texts/en.json": ("application/json", "public, max-age=31536000, immutable"),
    }


def test_the_document_names_its_files_where_they_lie_and_nothing_else(publisher: Publisher) -> None:
    publisher.has(
        index_html='<link href="./main.js"><script src="main.js"></script><a href="/main.js" title="main"></a>'
    )

    publisher.request("Create")

    (folder,) = publisher.folders()
    there = f"/assets/{folder}/main.js"
    assert (
        publisher.html() == f'<link href="{there}"><script src="{there}"></script><a href="/main.js" title="main"></a>'
    )


def test_the_document_asks_at_once_for_all_modules_that_it_begins_with(publisher: Publisher) -> None:
    publisher.has(
        index_html='<head></head><script src="main.js"></script>',
        api_js="export const api = 1;",
        main_js='import { App } from "./views/app.js";\nimport("./account.js");',
        views__app_js='export { api } from "../api.js";\nimport { x } from "./gone.js";',
        account_js="",
    )

    publisher.request("Create")

    (folder,) = publisher.folders()
    there = f'<link rel="modulepreload" href="/assets/{folder}'
    preloads = "".join(f'{there}/{name}">' for name in ("main.js", "views/app.js", "api.js"))
    assert f"<head>{preloads}</head>" in publisher.html()


def test_the_configuration_is_what_the_template_gives_with_the_version(publisher: Publisher) -> None:
    publisher.request("Create")

    config = json.loads(publisher.files()["config.json"]["Body"].read())
    given = event("publish_page")["ResourceProperties"]["Config"]
    assert config == {**given, "version": __version__, "commit": "uncommitted"}


def test_a_page_that_was_loaded_before_the_last_change_still_finds_its_files(publisher: Publisher) -> None:
    seen = []
    for content in ("1", "2", "3"):
        publisher.has(main_js=content)
        assert publisher.request("Update", PhysicalResourceId=PAGE_BUCKET)["Status"] == "SUCCESS"
        seen.append(publisher.html().split("/")[2])

    assert len(set(seen)) == 3
    assert publisher.folders() == set(seen[1:])


def test_a_repeat_changes_nothing(publisher: Publisher) -> None:
    publisher.request("Create")
    before = publisher.files().keys(), publisher.html()

    publisher.request("Create")

    assert (publisher.files().keys(), publisher.html()) == before


def test_a_file_of_an_unknown_kind_fails_the_deployment_and_says_so(publisher: Publisher) -> None:
    publisher.has(page_exe="?")

    answer = publisher.request("Create")

    assert (answer["Status"], ".exe" in answer["Reason"]) == ("FAILED", True)
    assert answer["PhysicalResourceId"] == PAGE_BUCKET


def test_a_failure_leaves_the_page_that_was_there(publisher: Publisher) -> None:
    publisher.request("Create")
    before = publisher.html()
    publisher.has(index_html="new", page_exe="?")

    publisher.request("Update", PhysicalResourceId=PAGE_BUCKET)

    assert publisher.html() == before


def test_a_deleted_stack_leaves_an_empty_bucket_that_can_be_deleted(publisher: Publisher) -> None:
    publisher.request("Create")

    answer = publisher.request("Delete", PhysicalResourceId="what it was called")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "what it was called")
    boto3.client("s3").delete_bucket(Bucket=PAGE_BUCKET)


def test_a_stack_whose_bucket_is_gone_can_be_deleted(publisher: Publisher) -> None:
    boto3.client("s3").delete_bucket(Bucket=PAGE_BUCKET)

    assert publisher.request("Delete", PhysicalResourceId=PAGE_BUCKET)["Status"] == "SUCCESS"


def test_more_files_than_s3_deletes_at_once_are_deleted(publisher: Publisher) -> None:
    s3 = boto3.client("s3")
    for number in range(1001):
        s3.put_object(Bucket=PAGE_BUCKET, Key=f"assets/old/{number}", Body=b"")

    publisher.request("Delete", PhysicalResourceId=PAGE_BUCKET)

    assert publisher.files() == {}


# ---- the template --------------------------------------------------------------------------------------------------


def test_the_page_is_published_anew_with_each_deployment() -> None:
    assert {"Ref": "DeployedAt"} in RESOURCES["Page"]["Properties"].values()


def test_the_event_has_the_properties_that_the_template_gives() -> None:
    given, sent = RESOURCES["Page"]["Properties"], event("publish_page")["ResourceProperties"]
    assert (sent.keys(), sent["Config"].keys()) == (given.keys(), given["Config"].keys())


def test_the_policy_runs_no_script_but_the_pages_own_files() -> None:
    security = RESOURCES["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    text, origins = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    policy = dict(rule.split(" ", 1) for rule in text.split("; "))
    config = RESOURCES["Page"]["Properties"]["Config"]

    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert "unsafe" not in text
    assert origins == {"Images": config["bucket"], "Users": config["cognito"]}


def test_the_document_has_neither_scripts_nor_styles_within() -> None:
    """The policy would keep them back."""
    html = (PAGE / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", html) == []


def test_no_module_of_the_page_imports_a_bare_name() -> None:
    """Without an import map browsers know none."""
    modules = list(PAGE.rglob("*.js"))
    imported = {
        (file.name, name)
        for file in modules
        for name in re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""", file.read_text())
    }
    assert {each for each in imported if not each[1].startswith(("./", "../"))} == set()


def test_page_and_api_have_one_origin_and_nothing_of_the_api_is_cached() -> None:
    distribution = RESOURCES["PageDistribution"]["Properties"]["DistributionConfig"]
    behavior, removebg = distribution["CacheBehaviors"]
    page, api = distribution["Origins"]
    assert (behavior["PathPattern"], behavior["TargetOriginId"]) == ("/api/*", api["Id"])
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert removebg == behavior | {"PathPattern": "/v1.0/*"}
    assert api["OriginPath"] == f"/{RESOURCES['Api']['Properties']['StageName']}"
    assert page["OriginAccessControlId"] == {"Fn::GetAtt": "PageAccess.Id"}


def test_nobody_but_the_distribution_reads_the_pages_bucket() -> None:
    read, tls = RESOURCES["PageBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (read["Principal"], read["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    assert "${PageDistribution}" in read["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"]
    condition, over_plain_http, _ = tls["Fn::If"]
    assert (condition, over_plain_http["Effect"], over_plain_http["Principal"]) == ("TlsIsRequired", "Deny", "*")
