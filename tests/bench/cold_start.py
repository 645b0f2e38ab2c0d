"""What a function imports and makes for its first request, from its built artefact, over boto3 and a first client."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.bench.figures import Figure, figure
from tests.project import PROJECT

BUILD = PROJECT / ".aws-sam/build"

BASELINE = "import boto3\nboto3.client('dynamodb')"
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
FIRST_REQUEST = {
    # By figure: the function, and what it loads for its first request besides `import app`.
    "authorize_jwt": ("authorize", "try: app.authenticate('Bearer no.j.wt')\nexcept app.InvalidTokenError: pass"),
    "authorize_key": (
        "authorize",
        "from background_remover import clients\n"
        "from background_remover.gateways.api_keys import ApiKeys\n"
        "ApiKeys(clients.dynamodb(), table=app.settings.api_keys_table)",
    ),
    "remove": ("remove", "app.deployment.jobs()"),
    "process_image": ("process_image", "app.process_job"),
    "jobs": ("jobs", "app.jobs"),
    "credits": ("credits", "app.ledger"),
    "health": ("health", "app.handler"),
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


def measure(environments: dict[str, dict[str, str]], folder: Path, *, repetitions: int) -> dict[str, Figure]:
    """`environments` by function as in the template; each ratio compares two processes that ran one after the other."""
    _install_boto3(folder)
    figures = {}
    for name, (function, request) in FIRST_REQUEST.items():
        logical = "".join(part.title() for part in function.split("_")) + "Function"
        environment = {**_ENVIRONMENT, **environments[logical]}
        artefacts = [BUILD / logical, BUILD / "CoreLayer/python", BUILD / "ImagingLayer/python"]
        ratios = []
        for _ in range(repetitions + 1):
            ours = _seconds(f"import app\n{request}", artefacts, environment)
            baseline = _seconds(BASELINE, [folder], environment)
            ratios.append(ours / baseline)
        figures[f"import_over_boto3_{name}"] = figure(ratios[1:], "x")
    return figures


def _install_boto3(folder: Path) -> None:
    """As it comes, with all services that it knows, and compiled as ours is."""
    folder.mkdir()
    for name in BOTO3:
        installed = Path(sysconfig.get_path("purelib")) / name
        if installed.is_dir():
            shutil.copytree(installed, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(installed, folder)
    compileall.compile_dir(folder, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _seconds(code: str, path: list[Path], environment: dict[str, str]) -> float:
    """In a process without site-packages, so that only what is deployed can be imported."""
    program = _TIMED.format(path=[str(each) for each in path], code=code)
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return float(output)
