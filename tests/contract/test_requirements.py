"""Everything that is installed is pinned, with hashes, to the same version everywhere, from no particular index."""

import json
import re
from pathlib import Path

import pytest

from tests.project import PROJECT

PIN = re.compile(r"[\w.-]+(\[[\w,-]+\])?==\S+( ; .+?)?( --hash=sha256:[0-9a-f]{64})+")
SHIPPED = [PROJECT / f"layers/{layer}/requirements.txt" for layer in ("core", "imaging", "docs")]
PINNED = [
    *SHIPPED,
    PROJECT / "docs/huggingface/huggingface_hub.txt",
    PROJECT / "tests/pip_audit.txt",
    PROJECT / "tests/requirements.txt",
    PROJECT / "tests/bench/quality/rembg.txt",
    PROJECT / "tests/stack/emulator.txt",
    PROJECT / "tests/stack/assets.txt",
    PROJECT / "tests/stack/dashboard/matplotlib.txt",
    PROJECT / "tests/removebg/clients.txt",
]

NPM_LOCKED = [
    PROJECT / folder / "package-lock.json" for folder in ("functions/publish_page", "tests/browser", "tests/removebg")
]

ELSEWHERE = PROJECT / "docs/huggingface/requirements.txt"
"""What Hugging Face installs on top of what its own image has."""


@pytest.mark.parametrize("file", PINNED, ids=lambda file: str(file.relative_to(PROJECT)))
def test_every_requirement_has_a_version_and_hashes(file: Path) -> None:
    found = requirements(file)
    assert found
    assert [requirement for requirement in found if not PIN.fullmatch(requirement)] == []


@pytest.mark.parametrize("file", PINNED, ids=lambda file: str(file.relative_to(PROJECT)))
def test_no_index_is_named(file: Path) -> None:
    assert "://" not in file.read_text()
    assert "index-url" not in file.read_text()


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.name)
def test_what_is_deployed_is_what_is_tested(file: Path) -> None:
    deployed, tested = pins(file), pins(PROJECT / "tests/requirements.txt")
    assert deployed == {name: tested.get(name) for name in deployed}


def test_no_pinned_file_is_forgotten_here() -> None:
    found = [file for folder in ("docs", "layers", "tests") for file in (PROJECT / folder).rglob("*.txt")]
    assert sorted(found) == sorted([*PINNED, ELSEWHERE])


@pytest.mark.parametrize("file", NPM_LOCKED, ids=lambda file: file.parent.name)
def test_every_package_of_npm_has_a_version_and_a_hash_and_comes_from_no_particular_registry(file: Path) -> None:
    packages = {name: each for name, each in json.loads(file.read_text())["packages"].items() if name}
    assert packages
    assert [name for name, each in packages.items() if not {"version", "integrity"} <= each.keys()] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []


def test_no_lock_file_of_npm_is_forgotten_here() -> None:
    found = [
        file for folder in ("functions", "layers", "tests") for file in (PROJECT / folder).rglob("package-lock.json")
    ]
    assert sorted(found) == sorted(NPM_LOCKED)


def requirements(file: Path) -> list[str]:
    """The file's requirements, each on one line with its hashes."""
    text = re.sub(r"^\s*#.*\n", "", file.read_text(), flags=re.MULTILINE)
    return [" ".join(line.split()) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def pins(file: Path) -> dict[str, str]:
    return dict(requirement.split()[0].split("==") for requirement in requirements(file))
