"""What credits, plans and payments are refused for."""

from background_remover.domain.errors import DomainError


class InsufficientCreditsError(DomainError):
    """The balance does not cover the price; `required`, `available` and `owed` say by how much."""

    code = "insufficient_credits"


class UnchargedAllowanceUsedError(DomainError):
    """Too many of the caller's photos of today were looked at and cost nothing: try again tomorrow (UTC)."""

    code = "uncharged_allowance_used"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ContentionError(DomainError):
    """Too many simultaneous writes to one balance; nothing was written."""

    code = "contention"


class UnknownPlanError(DomainError):
    """There is no plan of that name."""

    code = "unknown_plan"


class SubscriptionNotFoundError(DomainError):
    """The caller has no subscription that runs."""

    code = "subscription_not_found"


class AlreadySubscribedError(DomainError):
    """The caller has this plan already, and it renews itself."""

    code = "already_subscribed"


class PaymentNotFoundError(DomainError):
    """No payment of that id has been recorded."""

    code = "payment_not_found"


class PaymentOfAnotherUserError(DomainError):
    """Somebody else made this payment."""

    code = "payment_of_another_user"


class PaymentForSomethingElseError(DomainError):
    """The payment is for credits or for another plan."""

    code = "payment_for_something_else"


class PaymentUsedError(DomainError):
    """Another subscription has used this payment."""

    code = "payment_used"


class PaymentRefundedError(DomainError):
    """The payment was refunded."""

    code = "payment_refunded"
