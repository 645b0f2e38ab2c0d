"""Whether a user may still cost inferences that nobody pays for.

What a photo comes to is not known before its inference. So where the day's allowance is used up no photo is taken on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from background_remover.domain.allowance import Allowance, AllowancePolicy, end_of_day
from background_remover.domain.credit_errors import UnchargedAllowanceUsedError
from background_remover.observability import count

if TYPE_CHECKING:
    from background_remover.gateways.daily_use import DailyUseStore
    from background_remover.gateways.idempotency import IdempotencyKey
    from background_remover.gateways.job_intake import JobIntake


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchargedAllowance:
    uses: DailyUseStore
    intake: JobIntake
    policy: AllowancePolicy

    def of(self, user_id: str, now: datetime) -> Allowance:
        use = self.uses.of(user_id, now.astimezone(UTC).date())
        return Allowance(granted=self.policy.granted(use), used=use.uncharged, resets_at=end_of_day(now))

    def require_left(self, user_id: str, now: datetime, *, repeats: IdempotencyKey | None = None) -> None:
        """Raises `UnchargedAllowanceUsedError`, but not for a request that was answered before: `repeats`.

        What is under way meanwhile may go beyond the allowance: that is at most what the user's credits hold.
        """
        allowance = self.of(user_id, now)
        if allowance.used < allowance.granted or (repeats and self.intake.remembers(user_id, repeats, now)):
            return
        count("AllowanceRefusals")
        raise UnchargedAllowanceUsedError(
            f"In {allowance.used} inferences today nothing was found in your photos, or the model refused them. These "
            f"cost you nothing, and {allowance.granted} of them are allowed a day: some, and more for each that was "
            f"charged. No photo is taken on before {allowance.resets_at:%Y-%m-%d %H:%M} UTC.",
            retry_after=(allowance.resets_at - now).total_seconds(),
        )
