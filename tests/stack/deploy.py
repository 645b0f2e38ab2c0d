"""Deploys template.yaml to the emulator, as it is deployed anywhere else."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.project import PROJECT

if TYPE_CHECKING:
    from tests.stack.emulator import Emulator

HUGGING_FACE_TOKEN = "hf_local"


def deploy(emulator: Emulator, stand_in_url: str, folder: Path, parameters: dict[str, str]) -> None:
    """`sam deploy` of what `sam build` made, as to any account; only addresses and the token are local."""
    overrides = {
        "Architecture": "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64",
        "RequireTls": "false",
        "AwsEndpointUrl": emulator.url,
        "CognitoEndpoint": emulator.url,
        "HuggingFaceToken": HUGGING_FACE_TOKEN,
        "Rmbg14Url": f"{stand_in_url}/models/briaai/RMBG-1.4",
        "Rmbg20Url": f"{stand_in_url}/fal-ai/fal-ai/bria/background/remove",
        # Load and fuzz come from one user, who sends more than any person does, and photos with nothing in them.
        "RequestsPerMinute": "60000",
        "RequestBurst": "60000",
        "RemovalsAtOnce": "100",
        "UnchargedADay": "1000000",
        "SignupsWithCreditsADay": "1000000",
        **parameters,
    }
    outcome = subprocess.run(
        [
            Path(sys.executable).with_name("sam"),
            "deploy",
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in overrides.items()),
        ],
        cwd=PROJECT,
        env={
            **os.environ,
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",  # seconds; the emulator is quicker than AWS, of which sam asks every five
            "HOME": str(folder),
            **emulator.credentials,
        },
        capture_output=True,
        text=True,
    )
    (folder / "deploy.log").write_text(outcome.stdout + outcome.stderr)
    if outcome.returncode != 0:
        raise RuntimeError(f"sam deploy failed:\n{outcome.stdout[-3000:]}\n{outcome.stderr[-3000:]}")
