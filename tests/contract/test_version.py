"""The version stands in one place; what is told to callers and readers follows it."""

import json
import re

from background_remover import __version__
from tests.contract.deployment import Deployment, event
from tests.contract.template import PROJECT


def test_the_health_route_answers_with_the_version(deployment: Deployment) -> None:
    assert json.loads(deployment.invoke("HealthFunction", event("health"))["body"])["version"] == __version__


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (PROJECT / "CHANGELOG.md").read_text(), re.M)
    assert released[0] == __version__
