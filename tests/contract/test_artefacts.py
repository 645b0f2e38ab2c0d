"""Every function imports from its artefact and its layers alone, and a cold start loads no more than it needs."""

import json
import re
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.contract.template import FUNCTIONS, GLOBAL, plain_environment_of, properties_of
from tests.project import PROJECT

BUILD = PROJECT / ".aws-sam/build"
HEAVY = {"PIL", "numpy", "isal", "pillow_heif", "imaging", "requests", "pydantic"}
# The worker has pixels to work on, and nobody waits for the smoke test but a deployment.
OF_PIXELS = {"ProcessImageFunction", "SmokeTestFunction"}
LARGEST = 250 * 1024 * 1024  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if subprocess.run(["make", "--question", ".aws-sam/built"], cwd=PROJECT, capture_output=True).returncode != 0:
        pytest.fail("There is no build of this code to test. Make one with: make build")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_from_its_artefact_and_layers_alone(function: str) -> None:
    files = imported_by(function).in_the_end

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
    assert modules <= set(imported_by(function).in_the_end)


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name not in OF_PIXELS])
def test_a_cold_start_loads_no_pixels_no_http_client_and_no_validation(function: str) -> None:
    loaded = imported_by(function).at_first
    assert "app" in loaded
    assert loaded & HEAVY == set()


def test_the_authorizer_loads_what_jwts_and_keys_need_when_one_comes() -> None:
    assert imported_by("AuthorizeFunction").at_first & {"jwt", "cryptography", "botocore.session"} == set()


def test_the_worker_loads_everything_before_its_first_message() -> None:
    assert {"PIL", "numpy", "isal", "imaging", "requests"} <= imported_by("ProcessImageFunction").at_first


def test_the_decoder_of_heic_is_loaded_with_the_first_heic() -> None:
    assert "pillow_heif" not in imported_by("ProcessImageFunction").at_first


@pytest.mark.parametrize("layer", properties_of("AWS::Serverless::LayerVersion"))
def test_a_layers_packages_lie_where_lambda_looks(layer: str) -> None:
    source = PROJECT / properties_of("AWS::Serverless::LayerVersion")[layer]["ContentUri"]
    ours = {folder.name for folder in source.iterdir() if folder.is_dir() and folder.name != "__pycache__"}
    assert ours <= {folder.name for folder in (BUILD / layer / "python").iterdir()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_cold_start_loads_boto3_and_its_transfer_manager(function: str) -> None:
    assert "boto3" not in imported_by(function).in_the_end


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


@dataclass(frozen=True, slots=True)
class Imported:
    """`at_first`: what a cold start loads. `in_the_end`: the file of each module, without the interpreter's own."""

    at_first: set[str]
    in_the_end: dict[str, str]


@cache
def imported_by(function: str) -> Imported:
    program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("artefact_imports.py"))]
    outcome = subprocess.run(
        [*program, *map(str, artefacts_of(function))],
        env=plain_environment_of(function),
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stderr
    printed = json.loads(outcome.stdout)
    return Imported(at_first=set(printed["at_first"]), in_the_end=printed["in_the_end"])
