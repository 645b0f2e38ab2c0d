"""What users wait for: `POST /remove` beside the bare call that sends Hugging Face the inference copy.

The stand-in answers after a fixed time and takes no processor meanwhile, as Hugging Face takes none of ours.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests

from imaging.photo import EncodedImage, inference_copy
from tests.bench.figures import Figure, figure
from tests.bench.fresh_process import last_line
from tests.bench.photos import SOURCE, jpeg
from tests.bench.tenant import BenchError, rich_user
from tests.stack.deploy import HUGGING_FACE_TOKEN

if TYPE_CHECKING:
    from tests.bench.part import Means
    from tests.stack.local_stack import LocalStack

TIER, MODEL = "basic", "briaai/RMBG-1.4"


def measure(means: Means) -> dict[str, Figure]:
    figures = {}
    with means.stack() as stack, requests.Session() as http:
        calls = Calls(stack, http, "removals@example.com")
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


def measure_repeats(means: Means) -> dict[str, Figure]:
    """The same photo again beside its first removal, for which Hugging Face takes the shortest of the times."""
    megapixels, seconds = means.sizes.repeated_megapixels, min(means.sizes.removal_seconds)
    photo = jpeg(megapixels)
    with means.stack() as stack, requests.Session() as http:
        calls = Calls(stack, http, "repeats@example.com")
        stack.hugging_face.set_latency(seconds)
        pairs = [(calls.remove(photo), calls.repeat(photo)) for _ in range(means.sizes.removal_pairs + 1)][1:]
    name = f"{megapixels}mp_{seconds:g}s"
    return {
        f"first_s_{name}": figure([first for first, _ in pairs], "s"),
        f"repeat_s_{name}": figure([repeat for _, repeat in pairs], "s"),
        f"repeat_over_first_{name}": figure([repeat / first for first, repeat in pairs], "x"),
    }


class Calls:
    """Each returns the seconds that it took."""

    def __init__(self, stack: LocalStack, http: requests.Session, email: str) -> None:
        self._http = http
        token = rich_user(stack, email).token
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
        self._remove = f"{stack.api_url}/api/background-remover/remove?tier={TIER}"
        self._infer = f"{stack.running.stand_in_url}/models/{MODEL}"

    def remove(self, photo: bytes) -> float:
        """By an inference, however often the photo comes."""
        _, elapsed = self._post(self._remove, photo, self._headers | {"Cache-Control": "no-cache"})
        return elapsed

    def repeat(self, photo: bytes) -> float:
        """Of a photo whose matte is known. Raises `BenchError` where it was not."""
        answer, elapsed = self._post(self._remove, photo, self._headers)
        if not answer.json()["cached"]:
            raise BenchError("the photo's matte was not known")
        return elapsed

    def infer(self, copy: EncodedImage) -> float:
        headers = {"Authorization": f"Bearer {HUGGING_FACE_TOKEN}", "Content-Type": copy.content_type}
        _, elapsed = self._post(self._infer, copy.content, {**headers, "Accept": "application/json"})
        return elapsed

    def _post(self, url: str, content: bytes, headers: dict[str, str]) -> tuple[requests.Response, float]:
        started = time.perf_counter()
        answer = self._http.post(url, content, headers=headers, timeout=60)
        elapsed = time.perf_counter() - started
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.text[:500]}")
        return answer, elapsed


def count_aws_calls(means: Means) -> dict[str, Figure]:
    """By service, the calls of one inline removal in a warm function."""
    with means.stack() as stack:
        output = last_line(
            "tests.bench.aws_calls",
            str(SOURCE),
            stack=stack,
            environment=stack.function_environments()["RemoveFunction"],
            email="calls@example.com",
        )
    counts = dict(pair.split("=") for pair in output.split())
    return {f"aws_calls_per_removal_{service}": figure([float(count)], "calls") for service, count in counts.items()}
