"""What users wait for: `POST /remove` beside the bare call that sends Hugging Face the inference copy.

The stand-in answers after a fixed time and takes no processor meanwhile, as Hugging Face takes none of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import requests

from imaging.photo import EncodedImage, inference_copy
from tests.bench.figures import Figure, figure
from tests.bench.photos import SOURCE, jpeg
from tests.bench.tenant import rich_user
from tests.stack.local_stack import HUGGING_FACE_TOKEN, PROJECT

if TYPE_CHECKING:
    from tests.bench.part import Means
    from tests.stack.local_stack import LocalStack

TIER, MODEL = "basic", "briaai/RMBG-1.4"


def measure(means: Means) -> dict[str, Figure]:
    figures = {}
    with means.stack() as stack, requests.Session() as http:
        calls = Calls(stack, http)
        for megapixels in means.sizes.removal_megapixels:
            photo = jpeg(megapixels)
            copy = inference_copy(photo)
            for seconds in means.sizes.removal_seconds:
                stack.hugging_face.set_latency(seconds)
                pairs = [(calls.remove(photo), calls.infer(copy)) for _ in range(means.sizes.removal_pairs + 1)]
                name = f"{megapixels}mp_{seconds:g}s"
                # The first pair warms up.
                figures[f"remove_over_bare_{name}"] = figure([ours / bare for ours, bare in pairs[1:]], "x")
                figures[f"remove_added_s_{name}"] = figure([ours - bare for ours, bare in pairs[1:]], "s")
    return figures


class Calls:
    """Each returns the seconds that it took."""

    def __init__(self, stack: LocalStack, http: requests.Session) -> None:
        self._http = http
        self._token = rich_user(stack, "removals@example.com").token
        self._remove = f"{stack.api_url}/api/background-remover/remove?tier={TIER}"
        self._infer = f"{stack.running.stand_in_url}/models/{MODEL}"

    def remove(self, photo: bytes) -> float:
        return self._post(self._remove, photo, {"Authorization": f"Bearer {self._token}", "Content-Type": "image/jpeg"})

    def infer(self, copy: EncodedImage) -> float:
        headers = {"Authorization": f"Bearer {HUGGING_FACE_TOKEN}", "Content-Type": copy.content_type}
        return self._post(self._infer, copy.content, {**headers, "Accept": "application/json"})

    def _post(self, url: str, content: bytes, headers: dict[str, str]) -> float:
        started = time.perf_counter()
        answer = self._http.post(url, content, headers=headers, timeout=60)
        elapsed = time.perf_counter() - started
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.text[:500]}")
        return elapsed


def count_aws_calls(means: Means) -> dict[str, Figure]:
    """By service, the calls of one inline removal in a warm function."""
    with means.stack() as stack:
        environment = {
            **os.environ,
            **stack.emulator.credentials,
            **stack.function_environments()["RemoveFunction"],
            "USER_ID": rich_user(stack, "calls@example.com").user_id,
            "PYTHONPATH": os.pathsep.join(str(PROJECT / folder) for folder in ("", "layers/core", "layers/imaging")),
        }
        output = subprocess.run(
            [sys.executable, "-m", "tests.bench.aws_calls", str(SOURCE)],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.splitlines()[-1]
    counts = dict(pair.split("=") for pair in output.split())
    return {f"aws_calls_per_removal_{service}": figure([float(count)], "calls") for service, count in counts.items()}
