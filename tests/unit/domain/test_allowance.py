"""The day's allowance of uncharged inferences."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from background_remover.domain.allowance import AllowancePolicy, DailyUse, end_of_day


@pytest.mark.parametrize(
    ("charged", "uncharged", "has_left"),
    [(0, 9, True), (0, 10, False), (1, 10, False), (2, 10, True), (2, 11, False), (100, 59, True), (100, 60, False)],
)
def test_it_has_a_base_and_grows_with_what_was_charged(charged: int, uncharged: int, has_left: bool) -> None:
    policy = AllowancePolicy(base=10, per_hundred=50)
    assert policy.has_left(DailyUse(charged=charged, uncharged=uncharged)) is has_left


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (datetime(2026, 5, 4, 0, 0, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 5, 5, 6, 59, tzinfo=timezone(timedelta(hours=7))), datetime(2026, 5, 5, tzinfo=UTC)),
    ],
)
def test_its_day_ends_at_midnight_in_utc(now: datetime, end: datetime) -> None:
    assert end_of_day(now) == end
