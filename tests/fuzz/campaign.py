"""Requests that nobody thought of, made of the OpenAPI document, and what the routes answer held against it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from background_remover.openapi.examples import BATCH_ID, JOB_ID, KEY_ID, PAYMENT_ID
from tests.documented import DOCUMENT
from tests.e2e.caller import Caller, photo
from tests.project import PROJECT

if TYPE_CHECKING:
    from tests.stack.local_stack import LocalStack

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
CREDITS = 1_000_000_000


def fuzz(stack: LocalStack, folder: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Fuzzes every route as somebody who can afford it. What failed, and how to repeat it, is in the output."""
    caller = Caller(stack, "fuzz@example.com")
    stack.operate("grant", "--user", caller.user.user_id, "--credits", str(CREDITS))
    # Tokens are good for an hour, keys for ever.
    key = stack.operate("create-api-key", "--user", caller.user.user_id)
    schema = folder / "openapi.json"
    schema.write_text(_with_examples_that_are_there(caller))
    command: list[str | Path] = [Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIGURATION]
    command += ["run", schema, "--url", stack.api_url, "--header", f"Authorization: Bearer {key}", *options]
    # Thousands of images come together. They would take the processors from the requests, and from whoever comes next.
    with stack.paused("ProcessImageFunction"):
        campaign = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{PROJECT / 'layers/core'}", "COLUMNS": "120"},
        )
        stack.emulator.client("sqs").purge_queue(QueueUrl=stack.outputs["JobQueueUrl"])
    return campaign


def _with_examples_that_are_there(caller: Caller) -> str:
    """The document, with a job, a batch, a key and a payment of the caller for those of its examples."""
    job = caller.remove().json()
    key = caller.post("api-keys", {"name": "fuzz"}).json()
    payment_id = caller.pay("--plan", "starter")
    caller.subscribe("starter", payment_id)
    batch = caller.http.post(
        f"{caller.routes}/batch", data={"tier": "basic"}, files={"images": ("cat.png", photo())}, timeout=60
    ).json()
    caller.batch_outcome(batch["batchId"])
    document = DOCUMENT.read_text().replace(JOB_ID, job["jobId"]).replace(BATCH_ID, batch["batchId"])
    return document.replace(KEY_ID, key["keyId"]).replace(PAYMENT_ID, payment_id)
