"""What users wait for: `POST /remove` beside the bare call to the stand-in with the same photo, one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.bench.figures import Figure, figure
from tests.bench.photos import jpeg
from tests.stack.local_stack import HUGGING_FACE_TOKEN, PROJECT, LocalStack

REPETITIONS = 9
MEGAPIXELS = 1, 12, 24
TIER, MODEL = "basic", "briaai/RMBG-1.4"


def measure(stack: LocalStack, source: Path) -> dict[str, Figure]:
    user = stack.sign_up("bench@example.com")
    stack.operate("grant", "--user", user.user_id, "--credits", "1000")
    figures = {}
    with requests.Session() as api, requests.Session() as hugging_face:
        api.headers.update({"Authorization": f"Bearer {user.token}", "Content-Type": "image/jpeg"})
        hugging_face.headers.update(
            {
                "Authorization": f"Bearer {HUGGING_FACE_TOKEN}",
                "Content-Type": "image/jpeg",
                "Accept": "application/json",
            }
        )
        remove = f"{stack.api_url}/api/background-remover/remove?tier={TIER}"
        infer = f"{stack.running.stand_in_url}/models/{MODEL}"
        for megapixels in MEGAPIXELS:
            photo = jpeg(source, megapixels)
            ratios, seconds = [], []
            for _ in range(REPETITIONS + 1):
                ours = _seconds_to_post(api, remove, photo)
                bare = _seconds_to_post(hugging_face, infer, photo)
                ratios.append(ours / bare)
                seconds.append(ours)
            figures[f"remove_over_bare_{megapixels}mp"] = figure(ratios[1:], "x")
            figures[f"remove_s_{megapixels}mp"] = figure(seconds[1:], "s")
    return figures


def count_aws_calls(stack: LocalStack, source: Path) -> dict[str, Figure]:
    """By service, the calls of one inline removal in a warm function."""
    user = stack.sign_up("calls@example.com")
    environment = {
        **os.environ,
        **stack.emulator.credentials,
        **stack.function_environments()["RemoveFunction"],
        "USER_ID": user.user_id,
        "PYTHONPATH": os.pathsep.join(str(PROJECT / folder) for folder in ("", "layers/core", "layers/imaging")),
    }
    output = subprocess.run(
        [sys.executable, "-m", "tests.bench.aws_calls", str(source)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()[-1]
    counts = dict(pair.split("=") for pair in output.split())
    return {f"aws_calls_per_removal_{service}": figure([float(count)], "calls") for service, count in counts.items()}


def _seconds_to_post(session: requests.Session, url: str, photo: bytes) -> float:
    started = time.perf_counter()
    answer = session.post(url, photo, timeout=60)
    elapsed = time.perf_counter() - started
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} {answer.text[:500]}")
    return elapsed
