"""Payments, as the billing system tells of them: for credits or for a month of a plan, each counted once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PaymentState(StrEnum):
    """A payment for credits is used at once; one for a plan when it makes or renews a subscription."""

    RECORDED = "recorded"
    USED = "used"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Either `credits` or `plan` is set; neither where only the refund is known yet.

    `used_by` is the subscription that it paid for.
    """

    payment_id: str
    user_id: str
    recorded_at: datetime
    credits: int = 0
    plan: str | None = None
    state: PaymentState = PaymentState.RECORDED
    used_by: str | None = None
