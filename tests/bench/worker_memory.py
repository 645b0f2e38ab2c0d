"""Whether a worker's memory is flat: what stays resident after a hundred, two hundred and three hundred removals.

`python -m tests.bench.worker_memory REMOVALS FOLDER` prints it as JSON; the environment is the worker's, USER_ID pays,
and FOLDER has photos of mixed sizes.
"""

from __future__ import annotations

import gc
import json
import os
import secrets
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.bench.figures import Figure, figure
from tests.bench.fresh_process import last_line
from tests.bench.photos import jpeg, small_jpeg
from tests.bench.tenant import WORKER, BenchError

if TYPE_CHECKING:
    from tests.bench.part import Means

AT_ONCE = 10
"""Messages in an invocation, as deployed."""

ROUNDS = 3
MOST_GROWTH_MB = 40.0
"""From a third of the removals to the last. A single photo of 12 megapixels that is kept weighs 36."""


def measure(means: Means) -> dict[str, Figure]:
    photos = means.folder / "photos"
    photos.mkdir()
    for number, content in enumerate(_photos(means.sizes.remembered_megapixels)):
        (photos / f"{number}.jpg").write_bytes(content)
    with means.stack() as stack, stack.paused(WORKER):
        output = last_line(
            "tests.bench.worker_memory",
            str(means.sizes.remembered_removals),
            photos,
            stack=stack,
            environment=stack.function_environments()[WORKER],
            email="memory@example.com",
        )
    resident: dict[str, float] = json.loads(output)
    first, *_, last = resident.values()
    if last - first > MOST_GROWTH_MB:
        raise BenchError(f"the worker's memory grows: {resident} MB by the number of removals")
    megabytes = {f"worker_memory_mb_after_{removals}": figure([each], "MB") for removals, each in resident.items()}
    return megabytes | {"worker_memory_growth": figure([last / first], "x")}


def _photos(megapixels: tuple[int, ...]) -> list[bytes]:
    """Most are small, as they are in a shop."""
    return [photo for each in megapixels for photo in (small_jpeg(), jpeg(each), small_jpeg(), jpeg(1))]


def run(removals: int, photos: list[bytes]) -> dict[int, float]:
    """Megabytes that are resident, by how many removals there were."""
    from background_remover import deployment
    from background_remover.domain.jobs import OVERDUE_AFTER, Job, JobStatus, Options, Source, job_id
    from background_remover.domain.tiers import TIERS
    from background_remover.gateways.object_store import input_key
    from functions.process_image import app

    tiers, resident = cycle(TIERS.values()), {}
    contents, user_id = cycle(photos), os.environ["USER_ID"]
    for done in range(AT_ONCE, removals + 1, AT_ONCE):
        records: list[dict[str, Any]] = []
        for content in islice(contents, AT_ONCE):
            tier, now = next(tiers), app.clock()
            job = Job(
                user_id=user_id,
                job_id=job_id(now, secrets.token_bytes(10)),
                tier=tier.name,
                price=tier.credits,
                status=JobStatus.QUEUED,
                source=Source(content_type="image/jpeg", size=len(content)),
                options=Options(),
                created_at=now,
                updated_at=now,
                retire_at=now + OVERDUE_AFTER,
                due_at=now + OVERDUE_AFTER,
            )
            deployment.intake().submit(job, None, now)
            deployment.objects().put(input_key(job), content, "image/jpeg")
            body = json.dumps({"userId": user_id, "jobId": job.job_id})
            sent = {"SentTimestamp": str(int(1000 * time.time()))}
            records.append({"messageId": job.job_id, "body": body, "attributes": sent})
        answer = app.handler({"Records": records}, _context())
        if answer["batchItemFailures"]:
            raise BenchError(f"the worker failed with {answer}")
        for record in records:
            if (ended := deployment.jobs().get(user_id, record["messageId"])).result is None:
                raise BenchError(f"the worker did not deliver {ended}")
        if done % (removals // ROUNDS) == 0:
            resident[done] = _resident_mb()
    return resident


def _resident_mb() -> float:
    """With what the allocator keeps for later, as Lambda counts it."""
    gc.collect()
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _context() -> SimpleNamespace:
    return SimpleNamespace(
        function_name="bench",
        memory_limit_in_mb=3008,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:bench",
        aws_request_id="bench",
        get_remaining_time_in_millis=lambda: 120_000,
    )


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), [file.read_bytes() for file in sorted(Path(sys.argv[2]).iterdir())])))
