"""Which Chromium the browser tests run in, and how it is started."""

import os
import platform
import shutil
from pathlib import Path
from typing import Any

from tests.project import PROJECT

INSTALLED = PROJECT / ".cache/browser"
UNPACKED = INSTALLED / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_the_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def is_packed_for_this_machine() -> bool:
    return platform.system() == "Linux" and platform.machine() == "x86_64"


def launch_options(*, visibly: bool) -> dict[str, Any]:
    """For Playwright. The one that we install has no window to show.

    Raises `RuntimeError` where there is no Chromium.
    """
    # Containers often forbid the sandbox, and nothing but our own page is opened.
    options: dict[str, Any] = {"chromium_sandbox": False, "slow_mo": 300 if visibly else 0}
    if found := on_the_path():
        return {**options, "executable_path": found, "headless": not (visibly and "DISPLAY" in os.environ)}
    if not (program := UNPACKED / "chromium").exists():
        raise RuntimeError("There is no Chromium: run make install, or put one on the path.")
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(UNPACKED / "al2023/lib"),
        "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf"),
    }
    return {**options, "executable_path": program, "env": environment}


def axe() -> str:
    """The source of axe: https://github.com/dequelabs/axe-core."""
    return Path(INSTALLED / "node_modules/axe-core/axe.min.js").read_text()
