"""Import-and-first-client time of each function, from its built artefact alone, over boto3's own in the same run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.stack.local_stack import PROJECT

BUILD = PROJECT / ".aws-sam/build"

BASELINE = "import boto3\nboto3.client('dynamodb')"
FIRST_CLIENT = {
    # What each function needs for its first request besides `import app`: the table's client, if it is not made yet.
    "authorize": "app.owner_of_key and __import__('background_remover.deployment').deployment.api_keys()",
    "remove": "app.deployment.jobs()",
    "process_image": "app.process_job",
    "jobs": "app.jobs",
    "credits": "app.ledger",
    "health": "app.handler",
}
_TIMED = """
import sys, time
sys.path[:0] = {path}
started = time.perf_counter()
{code}
print(time.perf_counter() - started)
"""
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "OPENBLAS_NUM_THREADS": "1",
}


def measure(environments: dict[str, dict[str, str]], repetitions: int) -> dict[str, Figure]:
    """`environments` by function as in the template; each ratio compares two processes that ran one after the other."""
    figures = {}
    for name, client in FIRST_CLIENT.items():
        logical = "".join(part.title() for part in name.split("_")) + "Function"
        environment = {**_ENVIRONMENT, **environments[logical]}
        artefacts = [BUILD / logical, BUILD / "CoreLayer/python", BUILD / "ImagingLayer/python"]
        ratios = []
        for _ in range(repetitions + 1):
            function = _seconds(f"import app\n{client}", artefacts, environment)
            baseline = _seconds(BASELINE, artefacts[1:2], environment)
            ratios.append(function / baseline)
        figures[f"import_over_boto3_{name}"] = figure(ratios[1:], "x")
    return figures


def _seconds(code: str, path: list[Path], environment: dict[str, str]) -> float:
    """In a process without site-packages, so that only what is deployed can be imported."""
    program = _TIMED.format(path=[str(each) for each in path], code=code)
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return float(output)
