"""A job as an item of the jobs table, and back.

DynamoDB's time-to-live attribute `retireAt`, in seconds since 1970, is there when the job has ended, so that an open
job is never deleted with its price held; until then it waits as `keepUntil`, and `dueShard` and `dueAt` are there.
"""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from background_remover.domain.jobs import (
    Doubt,
    Failure,
    Job,
    JobStatus,
    Lease,
    Options,
    Quality,
    Result,
    Source,
    Submission,
)
from background_remover.domain.placement import Length, Margin, Margins, Position, Region
from background_remover.domain.subscriptions import Coverage
from background_remover.gateways.dynamodb import instant, instant_of
from background_remover.gateways.overdue import shard

PREFIX = "job#"
_SUBMISSION = "submission"


def to_values(job: Job) -> dict[str, Any]:
    """Plain values by attribute name."""
    keep_until = int(job.retire_at.timestamp())
    return {
        "pk": job.user_id,
        "sk": f"{PREFIX}{job.job_id}",
        "tier": job.tier,
        "price": job.price,
        "status": job.status,
        "batchId": job.batch_id,
        "coverage": coverage_values(job.coverage),
        "source": source_values(job.source),
        "options": options_values(job.options),
        "createdAt": instant(job.created_at),
        "updatedAt": instant(job.updated_at),
        "keepUntil": keep_until,
        "retireAt": keep_until if job.has_ended else None,
        "dueShard": shard(job.job_id) if job.due_at else None,
        "dueAt": instant(job.due_at) if job.due_at else None,
        "attempts": job.attempts,
        "leaseHolder": job.lease.holder if job.lease else None,
        "leaseUntil": instant(job.lease.until) if job.lease else None,
        **{submission_name(number): asdict(submission) for number, submission in job.submissions.items()},
        "anew": job.anew or None,
        "matteOf": job.matte_of,
        "result": result_values(job.result) if job.result else None,
        "failure": asdict(job.failure) if job.failure else None,
    }


def submission_name(number: int) -> str:
    """The attribute of one look's submission: each has its own, as they are written at the same time."""
    return f"{_SUBMISSION}{number}"


def result_values(result: Result) -> dict[str, Any]:
    """DynamoDB takes no floats, so the seconds are kept as whole milliseconds."""
    return {
        "contentType": result.content_type,
        "width": result.width,
        "height": result.height,
        "size": result.size,
        "crc32": result.crc32,
        "milliseconds": round(result.seconds * 1000),
        "tier": result.tier,
        "quality": {"score": result.quality.score, "reasons": list(result.quality.reasons)},
        "looks": result.looks,
    }


def from_values(item: dict[str, Any]) -> Job:
    result = item.get("result")
    return Job(
        user_id=item["pk"],
        job_id=item["sk"].removeprefix(PREFIX),
        batch_id=item.get("batchId"),
        coverage=coverage_from(item.get("coverage")),
        tier=item["tier"],
        price=int(item["price"]),
        status=JobStatus(item["status"]),
        source=_source_from(item["source"]),
        options=options_from(item["options"]),
        created_at=datetime.fromisoformat(item["createdAt"]),
        updated_at=datetime.fromisoformat(item["updatedAt"]),
        retire_at=datetime.fromtimestamp(int(item["keepUntil"]), UTC),
        due_at=instant_of(item, "dueAt"),
        attempts=int(item["attempts"]),
        lease=Lease(item["leaseHolder"], datetime.fromisoformat(item["leaseUntil"])) if "leaseHolder" in item else None,
        submissions={
            int(name.removeprefix(_SUBMISSION)): _submission_from(values)
            for name, values in item.items()
            if name.startswith(_SUBMISSION)
        },
        anew=item.get("anew", False),
        matte_of=item.get("matteOf"),
        result=_result_from(result) if result else None,
        failure=Failure(**item["failure"]) if "failure" in item else None,
    )


def coverage_values(coverage: Coverage | None) -> dict[str, Any] | None:
    return {"day": coverage.day.isoformat(), "capped": coverage.capped} if coverage else None


def coverage_from(values: dict[str, Any] | None) -> Coverage | None:
    return Coverage(date.fromisoformat(values["day"]), values["capped"]) if values else None


def options_values(options: Options) -> dict[str, Any]:
    """Margins per side stand beside the one margin that the version before them reads."""
    values = without_none(asdict(options))
    if isinstance(options.crop, Margins):
        values |= {"crop": asdict(options.crop.top), "margins": asdict(options.crop)}
    return values


def options_from(options: dict[str, Any]) -> Options:
    background, max_size, scale, position = (
        options.get(name) for name in ("background", "max_size", "scale", "position")
    )
    return Options(
        format=options["format"],
        background=(int(background[0]), int(background[1]), int(background[2])) if background else None,
        crop=_crop_from(options),
        output=options.get("output", "cutout"),
        max_size=int(max_size) if max_size else None,
        lossless=options.get("lossless", False),
        background_image=options.get("background_image"),
        region=Region(**_lengths(Length, options["region"])) if "region" in options else None,
        scale=int(scale) if scale else None,
        position=Position(int(position["across"]), int(position["down"])) if position else None,
    )


def _crop_from(options: dict[str, Any]) -> Margin | Margins | None:
    if "margins" in options:
        return Margins(**_lengths(Margin, options["margins"]))
    crop = options.get("crop")
    return Margin(int(crop["amount"]), crop["unit"]) if crop else None


def _lengths[L: Length](kind: type[L], values: dict[str, Any]) -> dict[str, L]:
    return {side: kind(int(value["amount"]), value["unit"]) for side, value in values.items()}


def source_values(source: Source) -> dict[str, Any]:
    return without_none(asdict(source))


def _source_from(source: dict[str, Any]) -> Source:
    size, width, height = (int(source[name]) if name in source else None for name in ("size", "width", "height"))
    return Source(
        content_type=source["content_type"],
        size=size,
        width=width,
        height=height,
        file_name=source.get("file_name"),
        sha256=source.get("sha256"),
        url=source.get("url"),
    )


def _submission_from(submission: dict[str, Any]) -> Submission:
    return Submission(
        submission["status_url"],
        submission["response_url"],
        number=int(submission.get("number", 1)),
        sent_at=int(submission.get("sent_at", 0)),
    )


def _result_from(result: dict[str, Any]) -> Result:
    return Result(
        content_type=result["contentType"],
        width=int(result["width"]),
        height=int(result["height"]),
        size=int(result["size"]),
        crc32=int(result["crc32"]),
        seconds=int(result["milliseconds"]) / 1000,
        tier=result["tier"],
        quality=Quality(int(result["quality"]["score"]), tuple(map(Doubt, result["quality"]["reasons"]))),
        looks=int(result["looks"]),
    )


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
