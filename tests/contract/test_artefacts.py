"""What is deployed is complete: every function imports from its built artefact and its layers alone."""

import json
import re
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import pytest

from tests.contract.template import FUNCTIONS, GLOBAL, plain_environment_of, properties_of
from tests.project import PROJECT

BUILD = PROJECT / ".aws-sam/build"
LARGEST = 250 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if not (PROJECT / ".aws-sam/built").exists():
        pytest.fail("There is no build to test. Make one with: make build")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_from_its_artefact_and_layers_alone(function: str) -> None:
    files = files_loaded_by(function)

    assert Path(files["app"]) == BUILD / function / "app.py"
    roots = [*artefacts_of(function), Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib"))]
    strangers = {name for name, file in files.items() if not any(Path(file).is_relative_to(root) for root in roots)}
    assert strangers == set()


@pytest.mark.parametrize(
    ("function", "modules"),
    [
        ("AuthorizeFunction", {"jwt", "cryptography", "botocore"}),
        ("RemoveFunction", {"PIL", "numpy", "isal", "pillow_heif", "requests", "pydantic", "multipart", "botocore"}),
        ("ProcessImageFunction", {"PIL", "numpy", "isal", "pillow_heif", "requests", "botocore"}),
        ("RenderFunction", {"PIL", "numpy", "isal", "pillow_heif", "pydantic", "botocore"}),
        ("JobsFunction", {"pydantic", "botocore"}),
        ("CreditsFunction", {"pydantic", "botocore"}),
        ("ApiKeysFunction", {"pydantic", "botocore"}),
    ],
)
def test_what_is_imported_late_was_imported_here(function: str, modules: set[str]) -> None:
    assert modules <= set(files_loaded_by(function))


@pytest.mark.parametrize("layer", properties_of("AWS::Serverless::LayerVersion"))
def test_a_layers_packages_lie_where_lambda_looks(layer: str) -> None:
    source = PROJECT / properties_of("AWS::Serverless::LayerVersion")[layer]["ContentUri"]
    ours = {folder.name for folder in source.iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    assert ours <= {folder.name for folder in (BUILD / layer / "python").iterdir()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_cold_start_loads_boto3_and_its_transfer_manager(function: str) -> None:
    assert "boto3" not in files_loaded_by(function)


def test_the_docs_layer_has_the_files_of_swagger_ui_and_no_web_framework() -> None:
    (package,) = {file.name for file in (BUILD / "DocsLayer/python").iterdir() if "dist-info" not in file.name}
    assert {"swagger-ui-bundle.js", "swagger-ui.css", "VERSION"} <= {
        file.name for file in (BUILD / "DocsLayer/python" / package / "dist").iterdir()
    }


def test_the_page_has_its_libraries_which_import_each_other_by_name_of_file() -> None:
    vendor = BUILD / "PublishPageFunction/page/vendor"
    imported = {file.name: re.findall(r"""\bfrom\s*["']([^"']+)["']""", file.read_text()) for file in vendor.iterdir()}
    assert imported == {
        "preact.module.js": [],
        "hooks.module.js": ["./preact.module.js"],
        "htm.module.js": [],
    }


def test_botocore_knows_the_services_that_are_called_and_no_others() -> None:
    source = (PROJECT / "layers/core/background_remover/clients.py").read_text()
    called = set(re.findall(r'_client\("(\w+)"', source))
    data = BUILD / "CoreLayer/python/botocore/data"
    assert {folder.name for folder in data.iterdir() if folder.is_dir()} == called


def test_the_largest_function_fits_lambda_with_its_layers() -> None:
    def size(folder: Path) -> int:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

    sizes = [sum(size(BUILD / part) for part in (name, *layers_of(name))) for name in FUNCTIONS]
    assert max(sizes) < LARGEST


def layers_of(function: str) -> list[str]:
    return [layer["Ref"] for layer in [*GLOBAL["Layers"], *FUNCTIONS[function].get("Layers", [])]]


def artefacts_of(function: str) -> list[Path]:
    return [BUILD / function, *(BUILD / layer / "python" for layer in layers_of(function))]


@cache
def files_loaded_by(function: str) -> dict[str, str]:
    """The file of every module that is loaded in the end, without those that the interpreter has built in."""
    program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("artefact_imports.py"))]
    outcome = subprocess.run(
        [*program, *map(str, artefacts_of(function))],
        env=plain_environment_of(function),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    files: dict[str, str] = json.loads(outcome.stdout)
    return files
