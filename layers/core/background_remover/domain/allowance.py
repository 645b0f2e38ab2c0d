"""What a user may cost without paying: inferences of photos in which nothing is found, or that the model refuses.

A day is a day in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class DailyUse:
    """The inferences of one day whose photos were paid for, by credits or a plan, and of those that cost nothing."""

    charged: int = 0
    uncharged: int = 0


@dataclass(frozen=True, slots=True)
class AllowancePolicy:
    """So many uncharged inferences a day, and so many more for each hundred that were charged on that day."""

    base: int
    per_hundred: int

    def granted(self, use: DailyUse) -> int:
        return self.base + use.charged * self.per_hundred // 100

    def has_left(self, use: DailyUse) -> bool:
        return use.uncharged < self.granted(use)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How a user's allowance stands: of `granted`, `used` are taken until `resets_at`."""

    granted: int
    used: int
    resets_at: datetime


def end_of_day(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
