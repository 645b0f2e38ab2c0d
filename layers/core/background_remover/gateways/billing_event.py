"""Events of the billing system on EventBridge: their schema, which `docs/billing-events.schema.json` publishes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from background_remover.domain.identity import USER_ID
from background_remover.domain.subscriptions import PLANS

PaymentId = Annotated[str, Field(min_length=1, max_length=200, description="Unique to the payment: it counts once.")]
UserId = Annotated[str, Field(pattern=f"^{USER_ID}$", description="The subject of the user's token.")]


class _Model(BaseModel):
    """Whatever else a billing system tells is no concern of ours."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class CreditsBought(_Model):
    kind: Literal["credits"]
    credits: int = Field(ge=1, le=100_000_000, strict=True)


class PlanBought(_Model):
    """A month of a plan."""

    kind: Literal["plan"]
    plan: Literal[*PLANS]  # type: ignore[valid-type]  # the names of the plans, as data


class PaymentSucceededDetail(_Model):
    payment_id: PaymentId
    user_id: UserId
    bought: CreditsBought | PlanBought = Field(discriminator="kind")


class PaymentRefundedDetail(_Model):
    """The whole payment was refunded."""

    payment_id: PaymentId
    user_id: UserId


class PaymentSucceeded(_Model):
    detail_type: Literal["payment.succeeded"] = Field(alias="detail-type")
    detail: PaymentSucceededDetail


class PaymentRefunded(_Model):
    detail_type: Literal["payment.refunded"] = Field(alias="detail-type")
    detail: PaymentRefundedDetail


BillingEvent = Annotated[PaymentSucceeded | PaymentRefunded, Field(discriminator="detail_type")]
BILLING_EVENT: TypeAdapter[PaymentSucceeded | PaymentRefunded] = TypeAdapter(BillingEvent)
