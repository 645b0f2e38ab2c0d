"""What must be true when the chaos is over, each as a sentence that says what is not."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from background_remover.domain.jobs import Job, JobStatus
from background_remover.gateways.object_store import archive_key, result_key

if TYPE_CHECKING:
    from background_remover.domain.batches import Batch
    from tests.chaos.customers import Told
    from tests.chaos.tables import Tables
    from tests.stack.local_stack import LocalStack, User

AUDITED = "The audit has ended"


def violations(stack: LocalStack, tables: Tables, told: Told, users: list[User], *, granted: int) -> Iterator[str]:
    jobs, batches = tables.jobs(), tables.batches()
    yield from told.unexpected
    yield from _not_ended(jobs)
    yield from _not_known(told, jobs, batches)
    yield from _not_as_charged(jobs, tables.balances(), users, granted)
    yield from _not_delivered(stack, jobs)
    for batch in batches:
        yield from _not_as_counted(batch, [job for job in jobs if job.batch_id == batch.batch_id])
        yield from _not_in_the_archive(stack, batch, [job for job in jobs if job.batch_id == batch.batch_id])
    yield from (
        f"{count} messages are left in {queue}" for queue, count in tables.messages(hidden=True).items() if count
    )
    yield from _found_by_the_audit(stack)


def _not_ended(jobs: list[Job]) -> Iterator[str]:
    for job in jobs:
        if not job.has_ended:
            yield f"job {job.job_id} is {job.status} after {job.attempts} attempts"
        elif (job.result is None) == (job.status is JobStatus.COMPLETED):
            yield f"job {job.job_id} is {job.status} with the result {job.result}"


def _not_known(told: Told, jobs: list[Job], batches: list[Batch]) -> Iterator[str]:
    """What a caller was told of is there."""
    missing = told.jobs - {(job.user_id, job.job_id) for job in jobs}
    missing |= told.batches - {(batch.user_id, batch.batch_id) for batch in batches}
    yield from (f"{identifier} of {user}, which was taken on, is not there" for user, identifier in missing)


def _not_as_charged(
    jobs: list[Job], balances: dict[str, tuple[int, int]], users: list[User], granted: int
) -> Iterator[str]:
    """What was delivered was charged, nothing else was, and nothing is held."""
    charged: defaultdict[str, int] = defaultdict(int)
    for job in jobs:
        if job.status is JobStatus.COMPLETED:
            charged[job.user_id] += job.price
    for user in users:
        expected = (granted - charged[user.user_id], 0)
        if (found := balances[user.user_id]) != expected:
            yield f"user {user.user_id} has {found} available and held, not {expected}"


def _not_delivered(stack: LocalStack, jobs: list[Job]) -> Iterator[str]:
    s3, bucket = stack.emulator.client("s3"), stack.outputs["BucketName"]
    for job in jobs:
        if job.result:
            content = s3.get_object(Bucket=bucket, Key=result_key(job))["Body"].read()
            if zlib.crc32(content) != job.result.crc32:
                yield f"the result of job {job.job_id} is not the one that was recorded"


def _not_as_counted(batch: Batch, jobs: list[Job]) -> Iterator[str]:
    ended = Counter(job.status for job in jobs)
    found = {
        JobStatus.COMPLETED: batch.completed,
        JobStatus.FAILED: batch.failed,
        JobStatus.CANCELLED: batch.cancelled,
        JobStatus.EXPIRED: batch.expired,
    }
    if found != {status: ended[status] for status in found}:
        yield f"batch {batch.batch_id} counts {found}, its jobs are {dict(ended)}"
    charged = sum(job.price for job in jobs if job.result)
    if (batch.charged, batch.charged + batch.released) != (charged, batch.price):
        yield f"batch {batch.batch_id} charged {batch.charged} and released {batch.released} of {batch.price}"


def _not_in_the_archive(stack: LocalStack, batch: Batch, jobs: list[Job]) -> Iterator[str]:
    if not batch.completed:
        return
    if batch.archive is None:
        yield f"batch {batch.batch_id} has no ZIP: {batch.archive_failure}"
        return
    s3, bucket = stack.emulator.client("s3"), stack.outputs["BucketName"]
    content = s3.get_object(Bucket=bucket, Key=archive_key(batch))["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if broken := archive.testzip():
            yield f"{broken} is broken in the ZIP of batch {batch.batch_id}"
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
        packed = {each["jobId"]: archive.getinfo(each["name"]).CRC for each in manifest["files"] if "name" in each}
        files = len(archive.namelist()) - 1
    delivered = {job.job_id: job.result.crc32 for job in jobs if job.result}
    if packed != delivered or files != len(delivered):
        yield f"the ZIP of batch {batch.batch_id} holds {files} files, and {len(delivered)} were delivered"
    if {each["jobId"]: each["status"] for each in manifest["files"]} != {job.job_id: job.status for job in jobs}:
        yield f"the manifest of batch {batch.batch_id} says something else than its jobs"


def _found_by_the_audit(stack: LocalStack) -> Iterator[str]:
    stack.invoke("AuditFunction", {})
    pages = stack.emulator.client("logs").get_paginator("filter_log_events")
    group = stack.log_groups()["AuditFunction"]
    ends = [
        json.loads(event["message"])
        for page in pages.paginate(logGroupName=group)
        for event in page["events"]
        if AUDITED in event["message"]
    ]
    if not ends:
        yield "the audit said nothing"
    for figure in ("differences", "unsettled", "unreadable"):
        if ends and ends[-1][figure]:
            yield f"the audit ended with {ends[-1][figure]} {figure}"
