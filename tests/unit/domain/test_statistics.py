import statistics
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.statistics import Statistics, bucket_of, longest


def of(durations: list[int]) -> Statistics:
    """Milliseconds of completed jobs."""
    return Statistics(milliseconds=sum(durations), durations=Counter(map(bucket_of, durations)))


def test_nothing_is_measured_before_a_job_has_ended() -> None:
    nothing = Statistics()
    assert (nothing.success_rate(), nothing.mean_seconds(), nothing.percentile_seconds(95)) == (None, None, None)


def test_what_was_cancelled_or_expired_is_no_failure() -> None:
    ended = {("completed", "basic"): 3, ("failed", "basic"): 1, ("cancelled", "basic"): 5, ("expired", "pro"): 7}
    assert Statistics(ended=ended).success_rate() == 0.75


def test_jobs_are_counted_by_status_and_by_tier() -> None:
    counts = Statistics(ended={("completed", "basic"): 3, ("failed", "basic"): 1, ("completed", "industry"): 2})
    assert (counts.count(status="completed"), counts.count(tier="basic"), counts.count()) == (5, 4, 6)


def test_the_mean_is_exact() -> None:
    assert of([1000, 2000, 6000]).mean_seconds() == 3.0


@given(st.integers(1, 10_000_000))
def test_a_duration_is_in_the_first_bucket_that_holds_it(milliseconds: int) -> None:
    bucket = bucket_of(milliseconds)
    assert milliseconds <= longest(bucket) * (1 + 1e-6)
    assert bucket == 0 or milliseconds > longest(bucket - 1) * (1 - 1e-6)


@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=200))
def test_a_percentile_is_never_too_low_and_at_most_a_tenth_too_high(durations: list[int]) -> None:
    exact = sorted(durations)[-(-len(durations) * 95 // 100) - 1]
    estimate = of(durations).percentile_seconds(95)
    assert estimate
    assert exact * (1 - 1e-6) <= estimate * 1000 <= exact * 1.1 * (1 + 1e-6)


@pytest.mark.parametrize("per_cent", [50, 95, 100])
def test_of_a_single_duration_all_percentiles_are_the_same(per_cent: int) -> None:
    assert of([1500]).percentile_seconds(per_cent) == pytest.approx(statistics.median([1.5]), rel=0.1)
