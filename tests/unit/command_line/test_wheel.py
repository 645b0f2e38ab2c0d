"""What `pip install` of this repository installs: the command line, and nothing of the service or of AWS."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

from background_remover import __version__
from tests.project import PROJECT


def test_the_wheel_has_the_command_line_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    (file,) = tmp_path.glob("*.whl")

    with zipfile.ZipFile(file) as wheel:
        names = wheel.namelist()
        (described,) = [name for name in names if name.endswith("/METADATA")]
        metadata = message_from_bytes(wheel.read(described))
        (scripts,) = [wheel.read(name).decode() for name in names if name.endswith("/entry_points.txt")]

    sources = {f"cutout/{source.name}" for source in (PROJECT / "layers/command_line/cutout").glob("*.py")}
    assert {name for name in names if ".dist-info/" not in name} == sources
    assert metadata["Version"] == __version__
    assert "cutout = cutout.main:main" in scripts


def test_it_imports_only_what_it_says_that_it_needs() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    needed = {requirement.partition(">")[0] for requirement in project["dependencies"]}
    imported = {
        name.partition(".")[0]
        for source in (PROJECT / "layers/command_line/cutout").glob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - sys.stdlib_module_names - {"cutout"} == needed
