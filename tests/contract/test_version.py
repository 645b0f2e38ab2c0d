"""The version stands in one place; what is told to callers and readers follows it."""

import io
import json
import re

import pytest

from background_remover import __version__, observability
from tests.contract.deployment import Deployment, event
from tests.contract.template import PARAMETERS
from tests.project import PROJECT


def test_the_health_route_answers_with_the_version_and_the_commit(deployment: Deployment) -> None:
    answer = json.loads(deployment.invoke("HealthFunction", event("health"))["body"])
    assert (answer["version"], answer["commit"]) == (__version__, PARAMETERS["Commit"]["Default"])


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_every_line_of_a_log_has_the_commit(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    deployment.invoke("RemoveFunction", event("remove"))
    handler, *_ = observability.logger.handlers  # Tests before this one may have added theirs.
    # Not by `setStream`, which writes to the stream before: that was a test's, which may have closed it.
    monkeypatch.setattr(handler, "stream", written)
    deployment.invoke("RemoveFunction", event("remove") | {"body": ""})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [line["commit"] for line in lines] == [PARAMETERS["Commit"]["Default"]]


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (PROJECT / "CHANGELOG.md").read_text(), re.M)
    assert released[0] == __version__
