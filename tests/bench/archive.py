"""The archive of a full batch: how long it takes beside copying the same bytes once, and how much memory.

`python -m tests.bench.archive ACTION URL`, in a fresh process, prints seconds and growth of memory as JSON.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

# As template.yaml gives them to every function; the metrics are made when they are imported.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "BackgroundRemover")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")

from background_remover.gateways.object_store import ObjectStore, archive_key, result_key
from background_remover.gateways.work_queue import message_for_batch
from background_remover.use_cases.assemble_archive import AssembleArchive
from tests.bench.figures import Figure, figure
from tests.deployed_tables import create_tables
from tests.integration.archives import finished_batch
from tests.stack import processes
from tests.stack.emulator import PROGRAM, Emulator
from tests.stores import stores
from tests.unit.archive.zip_readers import assert_readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from background_remover.domain.batches import Batch
    from tests.bench.part import Means

BUCKET, COPY = "images", "copy"
STATUS = Path("/proc/self/status")


def measure(means: Means) -> dict[str, Figure]:
    """In an emulator of its own, which keeps in memory what it stores: up to five times the batch."""
    emulator = Emulator(f"http://127.0.0.1:{processes.free_port('127.0.0.1')}")
    pid = emulator.start(means.folder)
    try:
        stores = Stores(emulator.url)
        stores.fill(means.sizes.zipped_images, means.sizes.zipped_bytes)
        runs = []
        for number in range(means.sizes.zip_repetitions):
            runs.append({action: _in_a_fresh_process(action, emulator.url) for action in ACTIONS})
            if number == 0:
                stores.check(means.folder / "archive.zip", means.sizes.zipped_images)
            stores.forget_copies()
    finally:
        processes.stop(pid, PROGRAM.name)

    def ratio(to: str) -> Figure:
        return figure([run["assemble"]["seconds"] / run[to]["seconds"] for run in runs], "x")

    return {
        "zip_over_copy": ratio("copy"),
        "zip_over_copy_to_objects": ratio("copy_to_objects"),
        "zip_s": figure([run["assemble"]["seconds"] for run in runs], "s"),
        "zip_peak_mb": figure([run["assemble"]["grown_mb"] for run in runs], "MB"),
    }


class Stores:
    def __init__(self, url: str) -> None:
        self.dynamodb: DynamoDBClient = Emulator(url).client("dynamodb")
        # As long as S3 may take; the emulator puts the parts together before it answers, S3 answers meanwhile.
        config = Config(read_timeout=60, max_pool_connections=50)
        self.s3: S3Client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )
        wired = stores(self.dynamodb, signup_credits=10_000)
        self.jobs, self.batches = wired.jobs, wired.batches
        self.objects = ObjectStore(self.s3, bucket=BUCKET)

    def fill(self, images: int, image_bytes: int) -> None:
        create_tables(self.dynamodb)
        self.s3.create_bucket(Bucket=BUCKET)
        batch, jobs = finished_batch.new_batch([f"photo {number}.jpg" for number in range(images)])
        self.batches.submit(batch, jobs, None, finished_batch.NOON)
        for number, job in enumerate(jobs):
            finished_batch.complete(self.jobs, self.objects, job, random.Random(number).randbytes(image_bytes))

    def batch(self) -> Batch:
        return self.batches.get(finished_batch.USER, finished_batch.BATCH_ID)

    def assemble(self) -> None:
        assemble = AssembleArchive(batches=self.batches, objects=self.objects, clock=lambda: datetime.now(UTC))
        assemble(message_for_batch(self.batch()))

    def copy(self) -> None:
        """To one object, as the archive is one: S3 then has parts to receive and to put together as well."""
        self.objects.put_stream(COPY, self._results(), "application/octet-stream")

    def copy_to_objects(self) -> None:
        for number, content in enumerate(self._results()):
            self.s3.put_object(Bucket=BUCKET, Key=f"{COPY}/{number}", Body=content)

    def _results(self) -> Iterator[bytes]:
        for job in self.batches.all_items(self.batch()):
            yield self.s3.get_object(Bucket=BUCKET, Key=result_key(job))["Body"].read()

    def check(self, file: Path, images: int) -> None:
        batch = self.batch()
        self.s3.download_file(BUCKET, archive_key(batch), str(file))
        if not batch.archive or batch.archive.size != file.stat().st_size or len(assert_readable(file)) != images + 1:
            raise RuntimeError(f"The archive is not whole: {batch.archive}")
        file.unlink()

    def forget_copies(self) -> None:
        """The archive is one of them."""
        batch = self.batch()
        self.objects.delete([archive_key(batch), COPY, *(f"{COPY}/{number}" for number in range(batch.total))])
        self.dynamodb.update_item(
            TableName="JobsTable",
            Key={"pk": {"S": batch.user_id}, "sk": {"S": f"batch#{batch.batch_id}"}},
            UpdateExpression="REMOVE zipFile",
        )


ACTIONS = {"copy_to_objects": Stores.copy_to_objects, "copy": Stores.copy, "assemble": Stores.assemble}


def _in_a_fresh_process(action: str, url: str) -> dict[str, float]:
    output = subprocess.run(
        [sys.executable, "-m", "tests.bench.archive", action, url], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()[-1]
    figures: dict[str, float] = json.loads(output)
    return figures


def _run(action: str, url: str) -> dict[str, Any]:
    stores = Stores(url)
    Path("/proc/self/clear_refs").write_text("5")  # Resets the kernel's high-water mark: man 5 proc
    before = _memory_mb("VmRSS")
    started = time.perf_counter()
    ACTIONS[action](stores)
    return {"seconds": time.perf_counter() - started, "grown_mb": _memory_mb("VmHWM") - before}


def _memory_mb(line: str) -> float:
    return int(next(each for each in STATUS.read_text().splitlines() if each.startswith(line)).split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], sys.argv[2])))
