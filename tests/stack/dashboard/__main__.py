"""`make dashboard`: the widgets of template.yaml as a picture, after a few minutes of load and trouble."""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.load import CLIENTS, Load
from tests.bench.photos import small_jpeg
from tests.bench.tenant import Tenant
from tests.project import PROJECT
from tests.stack import processes
from tests.stack.dashboard.metrics import Sampler, at_once, logged
from tests.stack.dashboard.widgets import drawn
from tests.stack.hugging_face import Fault
from tests.stack.local_stack import STACK, LocalStack

if TYPE_CHECKING:
    from tests.emf import Series
    from tests.stack.dashboard.widgets import Points

PYTHON = PROJECT / ".cache/matplotlib/bin/python"
PICTURE = PROJECT / "out/dashboard.png"
PERIOD = 10.0
"""Seconds; the dashboard has minutes, of which a load run has too few."""

PHASE_SECONDS = 20.0
BATCH = 60
HUGGING_FACE_SECONDS = 0.5
ALWAYS = 1_000_000
TROUBLE = (
    (),
    (Fault("rate_limited", times=ALWAYS, share=0.3, retry_after=2), Fault("server_error", times=ALWAYS, share=0.2)),
    (Fault("cold_start", times=ALWAYS, share=0.3, estimated_time=5.0), Fault("empty_matte", times=ALWAYS, share=0.2)),
    (Fault("wrong_size", times=ALWAYS, share=0.3), Fault("connection_reset", times=ALWAYS, share=0.2)),
    (Fault("payment_required"),),
    (),
)
"""What Hugging Face does, one after the other."""


def main() -> None:
    processes.exit_when_told_to()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack.start(Path(folder), real_model=False) as stack,
    ):
        draw(stack, Path(folder))
    print(f"written to {PICTURE.relative_to(PROJECT)}")


def draw(stack: LocalStack, folder: Path) -> None:
    """The stack's dashboard, after some trouble. `folder` is for what is drawn from."""
    with Sampler(stack) as sampler:
        load = _trouble(stack)
    found = at_once(logged(stack)) | dict(sampler.found) | _by_the_api(load)
    cloudwatch = stack.emulator.client("cloudwatch")
    (name,) = (each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"])
    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    begun = min(each.at for each in load.answers)
    times = [begun + PERIOD * number for number in range(int((time.time() - begun) // PERIOD))]
    content = {
        "title": f"{name}, on this machine. Minutes; a point is {PERIOD:.0f} s here, and 5 minutes in AWS.",
        "minutes": [(moment - begun) / 60 for moment in times],
        "widgets": [drawn(widget, found, times) for widget in body["widgets"]],
    }
    file = folder / "dashboard.json"
    file.write_text(json.dumps(content))
    subprocess.run([PYTHON, "-m", "tests.stack.dashboard.draw", file, PICTURE], cwd=PROJECT, check=True)


def _by_the_api(load: Load) -> dict[Series, Points]:
    """As whoever asks sees it, which is a little more than API Gateway does."""
    api = frozenset({("ApiName", STACK), ("Stage", "live")})
    return {
        ("AWS/ApiGateway", "Latency", api): [(each.at, each.milliseconds) for each in load.answers],
        ("AWS/ApiGateway", "4XXError", api): [(each.at, float(400 <= each.status < 500)) for each in load.answers],
        ("AWS/ApiGateway", "5XXError", api): [(each.at, float(each.status >= 500)) for each in load.answers],
    }


def _trouble(stack: LocalStack) -> Load:
    stack.hugging_face.set_latency(HUGGING_FACE_SECONDS)
    load, tenant = Load(stack), Tenant(stack, "batches@example.com")
    stack.hugging_face.set_chance(1)
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        until = time.perf_counter() + PHASE_SECONDS * len(TROUBLE)
        clients = [threads.submit(load.ask_until, until, random.Random(seed)) for seed in range(CLIENTS)]
        threads.submit(tenant.upload_batch, BATCH, small_jpeg())
        for faults in TROUBLE:
            stack.hugging_face.forget_faults()
            stack.hugging_face.play(*faults)
            time.sleep(PHASE_SECONDS)
        for client in clients:
            client.result()
    return load


if __name__ == "__main__":
    main()
