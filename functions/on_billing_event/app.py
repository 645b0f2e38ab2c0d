"""The billing system tells of payments and refunds, through EventBridge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover import clients, deployment
from background_remover.observability import logger, metrics
from background_remover.use_cases.receive_payment import ReceivePayment

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

receive_payment = ReceivePayment(
    dynamodb=clients.dynamodb(),
    ledger=deployment.ledger(),
    subscriptions=deployment.subscriptions(),
    payments=deployment.payments(),
    clock=lambda: datetime.now(UTC),
)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """What fails, because it does not fit the schema or for any other reason, is tried twice more by Lambda and lies in
    the dead-letter queue then."""
    # pydantic takes a third of a cold start, as in the functions of the API.
    from background_remover.gateways.billing_event import BILLING_EVENT, CreditsBought, PaymentSucceeded

    billing_event = BILLING_EVENT.validate_python(event)
    detail = billing_event.detail
    logger.append_keys(payment_id=detail.payment_id)
    if not isinstance(billing_event, PaymentSucceeded):
        receive_payment.refunded(detail.payment_id, detail.user_id)
        return
    bought = billing_event.detail.bought
    if isinstance(bought, CreditsBought):
        receive_payment.succeeded(detail.payment_id, detail.user_id, credits=bought.credits)
    else:
        receive_payment.succeeded(detail.payment_id, detail.user_id, plan=bought.plan)
