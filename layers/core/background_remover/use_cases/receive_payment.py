"""What the billing system tells: somebody paid, or got a payment back. It may tell twice, late, and in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain import credits
from background_remover.domain.credit_errors import ContentionError
from background_remover.domain.payments import Payment, PaymentState
from background_remover.gateways.dynamodb import TransactionRefusedError, transact
from background_remover.observability import count, logger
from background_remover.use_cases.subscribe import use_payment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from background_remover.gateways.credit_ledger import CreditLedger
    from background_remover.gateways.payment_store import PaymentStore
    from background_remover.gateways.subscription_store import SubscriptionStore

_ATTEMPTS = 5


class PaymentContradictsError(Exception):
    """The billing system tells of a known payment id something else than before: somebody has to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivePayment:
    dynamodb: DynamoDBClient
    ledger: CreditLedger
    subscriptions: SubscriptionStore
    payments: PaymentStore
    clock: Callable[[], datetime]

    def succeeded(self, payment_id: str, user_id: str, *, credits: int = 0, plan: str | None = None) -> None:
        """Adds the credits, or records the payment for a plan and renews the subscription that waits for it.

        Raises `PaymentContradictsError`.
        """
        payment = Payment(payment_id=payment_id, user_id=user_id, recorded_at=self.clock(), credits=credits, plan=plan)
        known = self.payments.get(payment_id) or self._record(payment)
        if known.user_id != user_id or (known.credits, known.plan) not in ((credits, plan), (0, None)):
            raise PaymentContradictsError(f"payment {payment_id} is known as {known}")
        if plan and known.state is PaymentState.RECORDED:
            self._renew(known)

    def _record(self, payment: Payment) -> Payment:
        """The payment as it is known by then, even if it was told of elsewhere at the same moment."""
        actions: list[TransactWriteItemTypeDef]
        if payment.plan:
            actions = [self.payments.write(payment, before=None)]
        else:
            now, user_id = payment.recorded_at, payment.user_id
            self.ledger.balance(user_id, now)
            payment = replace(payment, state=PaymentState.USED)
            bought = credits.purchase(payment.credits)
            actions = [
                self.payments.write(payment, before=None),
                *self.ledger.actions(user_id, bought, reference=payment.payment_id, now=now),
            ]
        try:
            transact(self.dynamodb, actions)
        except TransactionRefusedError:
            return self._known(payment.payment_id)
        logger.info("A payment is recorded", payment_id=payment.payment_id)
        return payment

    def _renew(self, payment: Payment) -> None:
        for _ in range(_ATTEMPTS):
            current = self.subscriptions.current(payment.user_id)
            now = self.clock()
            if not current or current.plan != payment.plan or not current.renews(now):
                logger.info("The payment waits for its user to subscribe", payment_id=payment.payment_id)
                return
            renewed = current.prolonged() if current.is_active(now) else current.begun_anew(payment.payment_id, now)
            if use_payment(self.dynamodb, self.subscriptions, self.payments, payment, renewed):
                logger.info("A subscription is renewed", payment_id=payment.payment_id)
                return
            if self._known(payment.payment_id).state is not PaymentState.RECORDED:
                return
        raise ContentionError("The subscription changes too often.")

    def refunded(self, payment_id: str, user_id: str) -> None:
        """Takes back what the payment bought: all of its credits, or its month of the plan.

        Credits that are spent or held by then are owed, and counted for an alarm. Raises `PaymentContradictsError`.
        """
        for _ in range(_ATTEMPTS):
            now = self.clock()
            known = self.payments.get(payment_id)
            if known and known.user_id != user_id:
                raise PaymentContradictsError(f"payment {payment_id} is known as {known}")
            if known and known.state is PaymentState.REFUNDED:
                self._count_what_is_owed(known)  # Whoever recorded it may have died before it was counted.
                return
            # A payment that is not known yet comes later, and finds itself refunded.
            payment = known or Payment(payment_id=payment_id, user_id=user_id, recorded_at=now)
            refunded, taking_back = self._taking_back(payment, now)
            try:
                transact(
                    self.dynamodb, [self.payments.write(refunded, before=known.state if known else None), *taking_back]
                )
            except TransactionRefusedError:
                continue
            logger.info("A payment is refunded", payment_id=payment_id)
            self._count_what_is_owed(refunded)
            return
        raise ContentionError("The account changes too often.")

    def _taking_back(self, payment: Payment, now: datetime) -> tuple[Payment, list[TransactWriteItemTypeDef]]:
        refunded = replace(payment, state=PaymentState.REFUNDED)
        if payment.credits:
            movement = credits.refund(payment.credits)
            return refunded, self.ledger.actions(payment.user_id, movement, reference=payment.payment_id, now=now)
        current = self.subscriptions.current(payment.user_id)
        if current and payment.used_by == current.subscription_id:
            shortened = current.shortened()
            if current.is_active(now) and not shortened.is_active(now):
                logger.warning("A refund ends a plan that ran", payment_id=payment.payment_id)
            return refunded, [self.subscriptions.write(shortened)]
        return refunded, []

    def _count_what_is_owed(self, payment: Payment) -> None:
        """What is held may come back and pay for it; what is owed beyond that is spent."""
        if not payment.credits:
            return
        balance = self.ledger.balance(payment.user_id, self.clock())
        if balance.owed:
            logger.warning(
                "A refund leaves credits owed", payment_id=payment.payment_id, owed=balance.owed, held=balance.held
            )
            count("RefundShortfall")

    def _known(self, payment_id: str) -> Payment:
        payment = self.payments.get(payment_id)
        if payment is None:
            raise LookupError(f"payment {payment_id} was there and is gone")
        return payment
