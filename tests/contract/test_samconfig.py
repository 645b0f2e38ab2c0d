"""samconfig.toml: this machine, and the two AWS environments."""

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
from samcli.cli.types import CfnParameterOverridesType

from tests.contract.template import PARAMETERS
from tests.project import PROJECT

CONFIG: dict[str, Any] = tomllib.loads((PROJECT / "samconfig.toml").read_text())
ENVIRONMENTS = ["default", "dev", "prod"]


def test_there_is_an_environment_for_this_machine_and_for_each_account() -> None:
    assert [name for name, value in CONFIG.items() if isinstance(value, dict)] == ENVIRONMENTS


def test_each_environment_is_a_stack_of_its_own() -> None:
    assert len({CONFIG[name]["global"]["parameters"]["stack_name"] for name in ENVIRONMENTS}) == len(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_operators_commands_find_an_environments_stack(environment: str) -> None:
    """As the Makefile makes its name of ENV."""
    command = subprocess.run(
        ["make", "--dry-run", "redrive-billing", f"ENV={environment}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"--stack '{CONFIG[environment]['global']['parameters']['stack_name']}'" in command.stdout


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_overrides_name_parameters_of_the_template_only(environment: str) -> None:
    commands = CONFIG[environment].values()
    overrides = [each for command in commands for each in command["parameters"].get("parameter_overrides", [])]
    assert {override.partition("=")[0] for override in overrides} <= set(PARAMETERS)


def test_production_protects_its_data_and_asks_before_it_changes() -> None:
    deploy = CONFIG["prod"]["deploy"]["parameters"]
    assert "ProtectData=true" in deploy["parameter_overrides"]
    assert deploy["confirm_changeset"] is True


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_account_is_deployed_without_tls(environment: str) -> None:
    assert "RequireTls=false" not in CONFIG[environment]["deploy"]["parameters"]["parameter_overrides"]


def test_the_docs_show_overrides_that_sam_reads_as_they_are_meant() -> None:
    """SAM has a way of its own with quotes: JSON in a parameter is easily cut down to its first brace."""
    (snippet,) = re.findall(r"```toml\n(.*?)```", (PROJECT / "docs/operations.md").read_text(), re.DOTALL)
    overrides = CfnParameterOverridesType().convert(tomllib.loads(snippet)["parameter_overrides"], None, None)
    assert overrides.keys() <= PARAMETERS.keys()
    assert json.loads(overrides["Rmbg14Headers"]) == {"X-Scale-Up-Timeout": "10"}
