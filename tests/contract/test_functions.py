"""Every function of the template: its folder, its logs, its environment."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from background_remover.authorizer_settings import AuthorizerSettings
from background_remover.settings import (
    HuggingFaceSettings,
    Settings,
    WelcomeSettings,
    fetch_function,
    inferences_at_once,
    remove_version,
    removebg_sizes,
)
from tests.contract.template import FUNCTIONS, GLOBAL, PARAMETERS, RESOURCES, environment_of, folder_of
from tests.project import PROJECT

# Read by libraries: aws_lambda_powertools, botocore, numpy, glibc.
READ_BY_LIBRARIES = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "AWS_ENDPOINT_URL",
    "OPENBLAS_NUM_THREADS",
    "MALLOC_MMAP_THRESHOLD_",
}
READ_BY_ALL = {"COMMIT"}


def test_the_worker_may_send_to_its_own_queue_for_as_long_as_a_job_has_patience() -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    assert FUNCTIONS["ProcessImageFunction"]["RecursiveLoop"] == "Allow"


def test_every_folder_is_a_function_and_every_function_a_folder() -> None:
    folders = {folder.parent.name for folder in (PROJECT / "functions").glob("*/app.py")}
    assert sorted(folders) == sorted(map(folder_of, FUNCTIONS))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_called_after_its_folder(function: str) -> None:
    assert function == "".join(word.title() for word in folder_of(function).split("_")) + "Function"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_role_and_a_log_group_of_its_own(function: str) -> None:
    name = function.removesuffix("Function")
    assert FUNCTIONS[function]["Role"] == {"Fn::GetAtt": f"{name}Role.Arn"}
    assert FUNCTIONS[function]["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}
    assert RESOURCES[f"{name}Logs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_all_functions_log_json_and_are_traced() -> None:
    assert GLOBAL["LoggingConfig"]["LogFormat"] == "JSON"
    assert GLOBAL["Tracing"] == "Active"
    assert not [name for name, each in FUNCTIONS.items() if "Tracing" in each or "LogFormat" in each["LoggingConfig"]]


def test_functions_are_built_for_arm_unless_told_otherwise() -> None:
    assert PARAMETERS["Architecture"]["Default"] == "arm64"
    assert GLOBAL["Architectures"] == [{"Ref": "Architecture"}]


def test_the_environment_is_what_the_code_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    read = set(read_by_settings(monkeypatch)) | set(read_by_functions())
    given = {name for function in FUNCTIONS for name in environment_of(function)}
    assert given == read | READ_BY_LIBRARIES | READ_BY_ALL


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_variables_that_its_own_module_reads(function: str) -> None:
    assert set(variables_in(PROJECT / FUNCTIONS[function]["CodeUri"] / "app.py")) <= set(environment_of(function))


class Recorder(dict[str, str]):
    """An environment in which every variable is set, and which knows those that were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __missing__(self, name: str) -> str:
        self.asked.append(name)
        return {"HEADERS": "{}", "MODELS": ""}.get(name.rpartition("_")[2], "1")


def read_by_settings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    recorder = Recorder()
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", recorder)
        for read in (
            Settings.from_environment,
            HuggingFaceSettings.from_environment,
            AuthorizerSettings.from_environment,
            WelcomeSettings.from_environment,
            inferences_at_once,
            fetch_function,
            remove_version,
            removebg_sizes,
        ):
            read()
    return recorder.asked


def read_by_functions() -> Iterator[str]:
    for file in (PROJECT / "functions").glob("*/app.py"):
        yield from variables_in(file)


def variables_in(file: Path) -> Iterator[str]:
    """The names in `os.environ["NAME"]`."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))):
                yield name


def test_only_the_settings_read_the_environment() -> None:
    def reads(file: Path) -> bool:
        names: list[Any] = [
            getattr(node, "attr", None) or getattr(node, "id", None) for node in ast.walk(ast.parse(file.read_text()))
        ]
        return "environ" in names or "getenv" in names

    sources = [
        file for folder in ("functions", "layers/core", "layers/imaging") for file in (PROJECT / folder).rglob("*.py")
    ]
    readers = {str(file.relative_to(PROJECT)) for file in sources if reads(file)}
    core = "layers/core/background_remover"
    assert readers == {f"{core}/{name}.py" for name in ("settings", "authorizer_settings", "commit")}
