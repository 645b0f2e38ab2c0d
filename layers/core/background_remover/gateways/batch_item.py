"""A batch as an item of the jobs table, and back; `retireAt`, `keepUntil`, `dueShard` and `dueAt` as with jobs."""

from datetime import UTC, datetime
from typing import Any

from background_remover.domain.batches import Archive, Batch
from background_remover.domain.jobs import Failure
from background_remover.gateways.dynamodb import instant, instant_of
from background_remover.gateways.job_item import coverage_from, coverage_values, options_from, options_values
from background_remover.gateways.overdue import shard

PREFIX = "batch#"
_COUNTERS = ("completed", "failed", "cancelled", "expired", "charged", "released", "archiveRequests")


def new_values(batch: Batch) -> dict[str, Any]:
    """Plain values by attribute name, of a batch to which nothing has happened yet."""
    return {
        "pk": batch.user_id,
        "sk": f"{PREFIX}{batch.batch_id}",
        "tier": batch.tier,
        "options": options_values(batch.options),
        "total": batch.total,
        "price": batch.price,
        "coverage": coverage_values(batch.coverage),
        "createdAt": instant(batch.created_at),
        "updatedAt": instant(batch.updated_at),
        "keepUntil": int(batch.retire_at.timestamp()),
        "dueShard": shard(batch.batch_id) if batch.due_at else None,
        "dueAt": instant(batch.due_at) if batch.due_at else None,
        **dict.fromkeys(_COUNTERS, 0),
    }


def from_values(item: dict[str, Any]) -> Batch:
    archive = item.get("zipFile")
    return Batch(
        user_id=item["pk"],
        batch_id=item["sk"].removeprefix(PREFIX),
        tier=item["tier"],
        options=options_from(item["options"]),
        total=int(item["total"]),
        price=int(item["price"]),
        coverage=coverage_from(item.get("coverage")),
        created_at=datetime.fromisoformat(item["createdAt"]),
        updated_at=datetime.fromisoformat(item["updatedAt"]),
        retire_at=datetime.fromtimestamp(int(item["keepUntil"]), UTC),
        due_at=instant_of(item, "dueAt"),
        completed=int(item["completed"]),
        failed=int(item["failed"]),
        cancelled=int(item["cancelled"]),
        expired=int(item["expired"]),
        charged=int(item["charged"]),
        released=int(item["released"]),
        started_at=instant_of(item, "startedAt"),
        cancel_requested_at=instant_of(item, "cancelRequestedAt"),
        archive_requests=int(item["archiveRequests"]),
        archive=Archive(int(archive["size"]), datetime.fromisoformat(archive["readyAt"])) if archive else None,
        archive_failure=Failure(**item["archiveFailure"]) if "archiveFailure" in item else None,
    )
