"""What became of a user's jobs, counted as they end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

_GROWTH = 1.1
"""From one bucket of durations to the next, so that a percentile is at most a tenth too high."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """`ended` by status and tier. `milliseconds` is the sum of what completed jobs took, `durations` how many were in
    each bucket. `covered` counts completed jobs that a plan paid for, `cached` those that used a known matte and cost
    nothing, `credits` is what the others cost.
    """

    ended: Mapping[tuple[str, str], int] = field(default_factory=dict)
    milliseconds: int = 0
    durations: Mapping[int, int] = field(default_factory=dict)
    credits: int = 0
    covered: int = 0
    cached: int = 0

    def count(self, *, status: str | None = None, tier: str | None = None) -> int:
        return sum(
            number
            for (its_status, its_tier), number in self.ended.items()
            if status in (None, its_status) and tier in (None, its_tier)
        )

    def success_rate(self) -> float | None:
        """Of the jobs that completed or failed, how many completed; None before there was one."""
        completed, failed = self.count(status="completed"), self.count(status="failed")
        return completed / (completed + failed) if completed + failed else None

    def mean_seconds(self) -> float | None:
        completed = sum(self.durations.values())
        return self.milliseconds / completed / 1000 if completed else None

    def percentile_seconds(self, per_cent: int) -> float | None:
        """The upper bound of the bucket that so many per cent of the durations do not exceed (nearest rank)."""
        rank = math.ceil(sum(self.durations.values()) * per_cent / 100)
        seen = 0
        for bucket in sorted(self.durations):
            seen += self.durations[bucket]
            if seen >= rank > 0:
                return longest(bucket) / 1000
        return None


def bucket_of(milliseconds: int) -> int:
    """The first bucket whose bound is not exceeded."""
    return max(0, math.ceil(math.log(max(1, milliseconds)) / math.log(_GROWTH) - 1e-9))


def longest(bucket: int) -> float:
    """Milliseconds."""
    return _GROWTH**bucket
