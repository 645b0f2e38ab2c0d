from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from background_remover.domain.batches import Batch, BatchStatus
from background_remover.domain.jobs import Options

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BATCH = Batch(
    user_id="anna",
    batch_id="a batch",
    tier="basic",
    options=Options(),
    total=4,
    price=12,
    created_at=NOON,
    updated_at=NOON,
    retire_at=NOON + timedelta(days=30),
    due_at=NOON + timedelta(minutes=17),
)


@pytest.mark.parametrize(
    ("batch", "status"),
    [
        (BATCH, "queued"),
        (replace(BATCH, started_at=NOON), "processing"),
        (replace(BATCH, expired=1), "processing"),
        (replace(BATCH, completed=4), "completed"),
        (replace(BATCH, completed=3, failed=1), "partial"),
        (replace(BATCH, completed=2, expired=2), "partial"),
        (replace(BATCH, failed=4), "failed"),
        (replace(BATCH, failed=1, expired=3), "failed"),
        (replace(BATCH, completed=2, cancelled=2, cancel_requested_at=NOON), "cancelled"),
        (replace(BATCH, cancelled=4, cancel_requested_at=NOON), "cancelled"),
        (replace(BATCH, completed=4, cancel_requested_at=NOON), "completed"),
        (replace(BATCH, completed=3, failed=1, cancel_requested_at=NOON), "partial"),
        (replace(BATCH, completed=3, cancelled=1), "partial"),
    ],
)
def test_a_batchs_status_follows_from_its_counts(batch: Batch, status: str) -> None:
    assert batch.status is BatchStatus(status)


def test_a_batch_is_at_a_hundred_per_cent_only_when_all_have_ended() -> None:
    assert replace(BATCH, total=500, completed=499).per_cent == 99
    assert replace(BATCH, total=500, completed=499, failed=1).per_cent == 100


def test_nothing_is_estimated_before_something_was_measured() -> None:
    assert BATCH.seconds_left(NOON) is None
    assert replace(BATCH, started_at=NOON).seconds_left(NOON + timedelta(seconds=9)) is None


def test_the_time_left_goes_by_the_pace_so_far() -> None:
    begun = replace(BATCH, started_at=NOON, completed=1)

    assert begun.seconds_left(NOON + timedelta(seconds=10)) == 30.0


def test_what_is_neither_charged_nor_released_is_held() -> None:
    assert replace(BATCH, charged=6, released=3).held == 3
