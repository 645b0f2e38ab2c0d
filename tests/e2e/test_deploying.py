"""`make deploy` and `make rollback` with git, make and `sam deploy`, of a project of one queue, on the emulator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import PROJECT
from tests.stack.local_stack import LocalStack

STACK = "released-dev"

SAMCONFIG = f"""version = 0.1
[dev.global.parameters]
stack_name = "{STACK}"
[dev.deploy.parameters]
resolve_s3 = true
confirm_changeset = false
fail_on_empty_changeset = false
parameter_overrides = ['Headers="{{\\"X-Scale-Up-Timeout\\": \\"10\\"}}"', "Canary=true"]
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Commit: {Type: String, Default: uncommitted}
  DeployedAt: {Type: String, Default: ""}
  Canary: {Type: String, Default: "false"}
  Headers: {Type: String, Default: "{}"}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 30}}
"""
# Queues cannot be hidden for longer than twelve hours.
BROKEN = TEMPLATE.replace("VisibilityTimeout: 30", "VisibilityTimeout: 999999")
MAKEFILE = "package:\n\tmkdir -p .cache/build/$(ENV) && cp template.yaml .cache/build/$(ENV)/template.yaml\n"


class Project:
    def __init__(self, folder: Path, stack: LocalStack) -> None:
        self.folder = folder
        self._cloudformation = stack.emulator.client("cloudformation")
        self._environment = {
            **os.environ,
            **stack.emulator.credentials,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(PROJECT / "layers/core"),
            "HOME": str(folder.parent),
            "SAM_CLI_TELEMETRY": "0",
        }

    def commit(self, template: str) -> str:
        (self.folder / "template.yaml").write_text(template)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "background_remover.releases", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
        )

    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return found

    def parameters(self) -> dict[str, str]:
        return {each["ParameterKey"]: each["ParameterValue"] for each in self.description()["Parameters"]}


@pytest.fixture
def project(stack: LocalStack, tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in (("samconfig.toml", SAMCONFIG), ("Makefile", MAKEFILE), (".gitignore", ".cache/\n.aws-sam/\n")):
        (folder / name).write_text(text)
    made = Project(folder, stack)
    made.git("init", "--quiet")
    made.git("config", "user.email", "operator@example.com")
    made.git("config", "user.name", "Operator")
    yield made
    stack.emulator.client("cloudformation").delete_stack(StackName=STACK)


def test_what_is_committed_is_deployed_tagged_and_can_come_back(project: Project) -> None:
    first = project.commit(TEMPLATE)
    outcome = project.release("deploy", "dev")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    parameters = project.parameters()
    assert parameters["Commit"] == first
    assert len(parameters["DeployedAt"]) == 10
    assert (parameters["Headers"], parameters["Canary"]) == ('{"X-Scale-Up-Timeout": "10"}', "true")
    assert "nowhere, it is the first" in outcome.stdout

    second = project.commit(TEMPLATE.replace("30", "60"))
    outcome = project.release("deploy", "dev")
    assert project.parameters()["Commit"] == second
    assert f"make rollback ENV=dev   # to {first[:10]}" in outcome.stdout

    broken = project.commit(BROKEN)
    outcome = project.release("deploy", "dev")
    assert outcome.returncode == 1
    assert outcome.stderr.endswith("“sam deploy” failed, as is said above. Nothing is tagged.\n")
    assert project.description()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert project.release("rollback", "dev", "--to", broken).returncode == 1, "it was never deployed"

    (project.folder / "template.yaml").write_text("half done")
    outcome = project.release("rollback", "dev")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert project.parameters()["Commit"] == first
    assert project.parameters()["Canary"] == "false"
    assert not (project.folder / ".cache/rollback/dev").exists()
    tagged = project.git("for-each-ref", "--sort=refname", "--format=%(*objectname)", "refs/tags/deployed/dev")
    assert tagged.split() == [first, second, first]
