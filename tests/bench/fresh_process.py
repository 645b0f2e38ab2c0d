"""A module of the benchmarks in a process of its own, with the environment of a function that is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.tenant import rich_user
from tests.project import PROJECT

if TYPE_CHECKING:
    from tests.stack.local_stack import LocalStack


def last_line(
    module: str, *arguments: str | Path, stack: LocalStack, environment: Mapping[str, str], email: str
) -> str:
    """What the module prints last. USER_ID is that of a rich user who signs up with this address."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={
            **os.environ,
            **environment,
            **stack.emulator.credentials,
            "USER_ID": rich_user(stack, email).user_id,
            "PYTHONPATH": os.pathsep.join(str(PROJECT / folder) for folder in ("", "layers/core", "layers/imaging")),
        },
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()[-1]
