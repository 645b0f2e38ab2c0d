"""A job as an item of the jobs table, and back."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from background_remover.domain.jobs import Failure, Job, JobStatus, Lease, Options, Result, Source, Submission
from background_remover.gateways.dynamodb import instant

PREFIX = "job#"


def to_values(job: Job) -> dict[str, Any]:
    """Plain values by attribute name. `retireAt` is DynamoDB's time-to-live attribute, in seconds since 1970."""
    return {
        "pk": job.user_id,
        "sk": f"{PREFIX}{job.job_id}",
        "tier": job.tier,
        "price": job.price,
        "status": job.status,
        "source": _without_none(asdict(job.source)),
        "options": _without_none(asdict(job.options)),
        "createdAt": instant(job.created_at),
        "updatedAt": instant(job.updated_at),
        "retireAt": int(job.retire_at.timestamp()),
        "attempts": job.attempts,
        "leaseHolder": job.lease.holder if job.lease else None,
        "leaseUntil": instant(job.lease.until) if job.lease else None,
        "submission": asdict(job.submission) if job.submission else None,
        "result": result_values(job.result) if job.result else None,
        "failure": asdict(job.failure) if job.failure else None,
    }


def result_values(result: Result) -> dict[str, Any]:
    """DynamoDB takes no floats, so the seconds are kept as whole milliseconds."""
    return {"contentType": result.content_type, "size": result.size, "milliseconds": round(result.seconds * 1000)}


def from_values(item: dict[str, Any]) -> Job:
    source, options, result = item["source"], item["options"], item.get("result")
    background = options.get("background")
    return Job(
        user_id=item["pk"],
        job_id=item["sk"].removeprefix(PREFIX),
        tier=item["tier"],
        price=int(item["price"]),
        status=JobStatus(item["status"]),
        source=Source(
            content_type=source["content_type"],
            width=int(source["width"]),
            height=int(source["height"]),
            size=int(source["size"]),
            file_name=source.get("file_name"),
        ),
        options=Options(
            format=options["format"],
            background=(int(background[0]), int(background[1]), int(background[2])) if background else None,
        ),
        created_at=datetime.fromisoformat(item["createdAt"]),
        updated_at=datetime.fromisoformat(item["updatedAt"]),
        retire_at=datetime.fromtimestamp(int(item["retireAt"]), UTC),
        attempts=int(item["attempts"]),
        lease=Lease(item["leaseHolder"], datetime.fromisoformat(item["leaseUntil"])) if "leaseHolder" in item else None,
        submission=Submission(**item["submission"]) if "submission" in item else None,
        result=Result(
            content_type=result["contentType"], size=int(result["size"]), seconds=int(result["milliseconds"]) / 1000
        )
        if result
        else None,
        failure=Failure(**item["failure"]) if "failure" in item else None,
    )


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
