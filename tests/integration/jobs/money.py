"""What must hold of the money at any moment, whatever happened to the jobs."""

from __future__ import annotations

from collections import defaultdict

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT_ID

from background_remover.domain.jobs import Job, JobStatus
from background_remover.gateways.dynamodb import Item
from background_remover.gateways.job_item import PREFIX, from_values
from background_remover.gateways.object_store import result_key
from tests.integration.jobs.aws_account import BUCKET, rows_of
from tests.quick_moto import values_of

JobKey = tuple[str, str]
"""User and job id."""


def jobs() -> dict[JobKey, Job]:
    found = (from_values(item) for item in items("JobsTable") if item["sk"].startswith(PREFIX))
    return {(job.user_id, job.job_id): job for job in found}


def holds() -> int:
    """How often any price was held."""
    return sum(item.get("kind") == "hold" for item in items("CreditsTable"))


def available(user_id: str) -> int:
    """Below zero where credits are owed."""
    return sum(item["available"] for item in items("CreditsTable") if (item["pk"], item["sk"]) == (user_id, "balance"))


def items(table: str) -> list[Item]:
    return [values_of(row) for row in rows_of(table)]


def _files() -> set[str]:
    return set(get_backend("s3")[ACCOUNT_ID]["aws"].buckets[BUCKET].keys)


def delivered_among(existing: dict[JobKey, Job]) -> set[JobKey]:
    files = _files()
    return {
        key
        for key, job in existing.items()
        if job.status is JobStatus.COMPLETED and job.result and result_key(job) in files
    }


def _taken_back() -> dict[str, int]:
    """By user, what refunds took, having seen that each took all that its payment had bought."""
    bought: dict[tuple[str, str], int] = {}
    taken: dict[str, int] = defaultdict(int)
    entries = [item for item in items("CreditsTable") if item["sk"].startswith("entry#")]
    for item in entries:
        if item["kind"] == "purchase":
            bought[item["pk"], item["reference"]] = item["available"]
    for item in entries:
        if item["kind"] == "refund":
            assert -item["available"] == bought.pop((item["pk"], item["reference"])), "all of it, once"
            taken[item["pk"]] -= item["available"]
    return taken


def assert_conserved(*, delivered: set[JobKey]) -> set[JobKey]:
    """Whatever was paid for was delivered: now, or it is among `delivered`. Returns what is delivered now."""
    existing = jobs()
    now_delivered = delivered_among(existing)
    balances: dict[str, tuple[int, int]] = {}
    sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    movements: dict[JobKey, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for item in items("CreditsTable"):
        if item["sk"] == "balance":
            balances[item["pk"]] = (item["available"], item["held"])
        elif item["sk"].startswith("entry#"):
            movement = (item["available"], item["held"])
            available, held = sums[item["pk"]]
            sums[item["pk"]] = (available + movement[0], held + movement[1])
            if item["kind"] in ("hold", "capture", "release"):
                movements[item["pk"], item["reference"]][item["kind"]].append(movement)

    assert balances == dict(sums), "the ledger adds up to the balance"
    refunded = _taken_back()
    for user, (available, held) in balances.items():
        assert held >= 0, "nothing is captured or released that was not held"
        assert available >= -refunded[user], "nothing but a refund takes what is not available"

    open_holds: dict[str, int] = defaultdict(int)
    for key, job in existing.items():
        if not job.has_ended:
            open_holds[job.user_id] += job.price
        if job.matte_of:
            made_for = movements[job.user_id, job.matte_of]
            assert made_for["capture"], "what is free was paid for once"
            assert job.price == 0, "and is not paid for again"
            if key not in movements:
                continue
        ((_, held),) = movements[key]["hold"]
        if job.matte_of:
            assert movements[key]["capture"] == [], "what is free is not captured"
        elif job.result:
            lesser = (job.tier, job.result.tier) == ("industry", "professional")
            assert job.result.tier == job.tier or lesser, "a lesser tier is delivered only where there is one"
            assert job.price == (15 if lesser else held), "a job costs what was delivered"
            assert movements[key]["capture"] == [(0, -job.price)], "a completed job is paid for, once"
        else:
            assert held == job.price, "each job holds its price once"
            assert movements[key]["capture"] == [], "only a completed job is paid for"
    for key, kinds in movements.items():
        ((_, price),) = kinds["hold"]
        captured = [-held for _, held in kinds["capture"]]
        released = [-held for _, held in kinds["release"]]
        assert kinds["release"] == [(each, -each) for each in released], "what is released is available again"
        assert len(captured) <= 1, "a price is captured at most once"
        assert len(released) <= 1, "a price, or the rest of it, is released at most once"
        settled = sum(captured) + sum(released)
        has_ended = key not in existing or existing[key].has_ended
        assert settled == (price if has_ended else 0), "hold = capture + release once it has ended"
        assert not kinds["capture"] or key in now_delivered | delivered, "only a delivered result is charged"
    assert {user: held for user, (_, held) in balances.items()} == {user: open_holds[user] for user in balances}, (
        "held is what the open jobs hold"
    )
    return now_delivered
