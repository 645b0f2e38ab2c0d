"""Subscribing to a plan, against a payment that the billing system told of; and cancelling at the period's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.credit_errors import (
    ContentionError,
    PaymentForSomethingElseError,
    PaymentNotFoundError,
    PaymentOfAnotherUserError,
    PaymentRefundedError,
    PaymentUsedError,
    SubscriptionNotFoundError,
)
from background_remover.domain.payments import Payment, PaymentState
from background_remover.domain.subscriptions import Plan, Subscription, subscribed
from background_remover.gateways.dynamodb import TransactionRefusedError, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.gateways.payment_store import PaymentStore
    from background_remover.gateways.subscription_store import SubscriptionStore

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    dynamodb: DynamoDBClient
    subscriptions: SubscriptionStore
    payments: PaymentStore
    clock: Callable[[], datetime]

    def __call__(self, user_id: str, plan: Plan, payment_id: str) -> Subscription:
        """The subscription that the payment makes, prolongs or replaces; a repeat gets the same.

        Raises `PaymentNotFoundError`, `PaymentOfAnotherUserError`, `PaymentForSomethingElseError`,
        `PaymentRefundedError`, `PaymentUsedError`, `AlreadySubscribedError` and `ContentionError`.
        """
        for _ in range(_ATTEMPTS):
            now = self.clock()
            current = self.subscriptions.current(user_id)
            payment = self._payment(user_id, plan, payment_id)
            if payment.state is PaymentState.USED:
                if current and current.is_active(now) and payment.used_by == current.subscription_id:
                    return current
                raise PaymentUsedError("Another subscription has used this payment. Subscribe with a new one.")
            subscription = subscribed(current, plan, user_id=user_id, payment_id=payment_id, now=now)
            if use_payment(self.dynamodb, self.subscriptions, self.payments, payment, subscription):
                return subscription
        raise ContentionError("The subscription changes too often at the moment. Try again.")

    def _payment(self, user_id: str, plan: Plan, payment_id: str) -> Payment:
        payment = self.payments.get(payment_id)
        if payment is None:
            raise PaymentNotFoundError("We know no such payment yet. After you have paid it takes a moment: try again.")
        if payment.user_id != user_id:
            raise PaymentOfAnotherUserError("Somebody else made this payment. Subscribe with one of your own.")
        if payment.state is PaymentState.REFUNDED:
            raise PaymentRefundedError("This payment was refunded. Subscribe with a new one.")
        if payment.plan != plan.name:
            paid_for = f"the plan {payment.plan}" if payment.plan else "credits"
            raise PaymentForSomethingElseError(f"This payment is for {paid_for}, not for the plan {plan.name}.")
        return payment

    def cancel(self, user_id: str) -> Subscription:
        """The subscription, which lasts to the end of its period; a repeat gets the same.

        Raises `SubscriptionNotFoundError` and `ContentionError`.
        """
        for _ in range(_ATTEMPTS):
            now = self.clock()
            current = self.subscriptions.current(user_id)
            if current is None or not current.is_active(now):
                raise SubscriptionNotFoundError("You have no subscription that could be cancelled.")
            if current.cancelled_at:
                return current
            cancelled = replace(current, cancelled_at=now, version=current.version + 1)
            try:
                transact(self.dynamodb, [self.subscriptions.write(cancelled)])
            except TransactionRefusedError:
                continue
            return cancelled
        raise ContentionError("The subscription changes too often at the moment. Try again.")


def use_payment(
    dynamodb: DynamoDBClient,
    subscriptions: SubscriptionStore,
    payments: PaymentStore,
    payment: Payment,
    subscription: Subscription,
) -> bool:
    """Whether the recorded payment was used for the subscription as it is now: False where either changed meanwhile."""
    used = replace(payment, state=PaymentState.USED, used_by=subscription.subscription_id)
    try:
        transact(dynamodb, [payments.write(used, before=PaymentState.RECORDED), subscriptions.write(subscription)])
    except TransactionRefusedError:
        return False
    return True
