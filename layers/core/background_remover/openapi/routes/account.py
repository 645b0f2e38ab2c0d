"""What the caller has and has paid."""

from http import HTTPStatus

from background_remover.domain import account_errors, credit_errors, request_errors
from background_remover.http.answers.account import ApiKeys, CreatedApiKey, CreditsPage, Plans, Quote, Statistics
from background_remover.http.api import PREFIX
from background_remover.http.requests import ApiKeyFields, PageQuery, PricingFields, SubscriptionFields
from background_remover.openapi import examples
from background_remover.openapi.description import Answer, Json, Route, Tag

_JSON_ERRORS = (
    request_errors.MalformedJsonError,
    request_errors.MalformedBase64Error,
    request_errors.InvalidParameterError,
)
_PLANS = Answer(
    "The subscription as it is then, and the plans.", {"application/json": Json(Plans, {"pro": examples.PLANS})}
)

ROUTES = (
    Route(
        route=f"GET {PREFIX}/credits",
        name="getCredits",
        tag=Tag.ACCOUNT,
        summary="Get your balance and the ledger behind it",
        query=PageQuery,
        answers={
            HTTPStatus.OK: Answer(
                "The balance, and a page of the ledger.",
                {
                    "application/json": Json(
                        CreditsPage,
                        {"a page": examples.CREDITS, "refunded while a job holds it": examples.CREDITS_OWED},
                    )
                },
            )
        },
        errors=(
            request_errors.InvalidParameterError,
            request_errors.MalformedCursorError,
            credit_errors.ContentionError,
        ),
    ),
    Route(
        route=f"GET {PREFIX}/subscription",
        name="getSubscription",
        tag=Tag.ACCOUNT,
        summary="Get your plan and today's use of it, and the plans there are",
        answers={HTTPStatus.OK: _PLANS},
    ),
    Route(
        route=f"POST {PREFIX}/subscription",
        name="subscribe",
        tag=Tag.ACCOUNT,
        summary="Subscribe to a plan",
        description="It takes a payment for the plan that the billing system has reported. A cancelled subscription of "
        "the same plan goes on; another plan replaces it at once.",
        bodies={
            "application/json": Json(
                SubscriptionFields, {"a plan": {"plan": "starter", "paymentId": examples.PAYMENT_ID}}
            )
        },
        answers={HTTPStatus.OK: _PLANS},
        errors=(
            *_JSON_ERRORS,
            credit_errors.UnknownPlanError,
            credit_errors.PaymentNotFoundError,
            credit_errors.PaymentOfAnotherUserError,
            credit_errors.PaymentForSomethingElseError,
            credit_errors.PaymentRefundedError,
            credit_errors.PaymentUsedError,
            credit_errors.AlreadySubscribedError,
            credit_errors.ContentionError,
        ),
    ),
    Route(
        route=f"DELETE {PREFIX}/subscription",
        name="cancelSubscription",
        tag=Tag.ACCOUNT,
        summary="Cancel your subscription",
        description="It lasts to the end of its period and is not renewed.",
        answers={HTTPStatus.OK: _PLANS},
        errors=(credit_errors.SubscriptionNotFoundError, credit_errors.ContentionError),
    ),
    Route(
        route=f"POST {PREFIX}/pricing/calculate",
        name="calculatePrice",
        tag=Tag.ACCOUNT,
        summary="Ask what images cost",
        description="The price of so many images bought together, and how many of them your plan covers.",
        bodies={
            "application/json": Json(PricingFields, {"a batch": {"totalImages": 33, "tier": "basic"}}),
        },
        answers={
            HTTPStatus.OK: Answer("The price.", {"application/json": Json(Quote, {"a batch of 33": examples.QUOTE})})
        },
        errors=(*_JSON_ERRORS, request_errors.UnknownTierError, request_errors.ImageCountError),
    ),
    Route(
        route=f"GET {PREFIX}/stats",
        name="getStatistics",
        tag=Tag.ACCOUNT,
        summary="See what became of your jobs",
        answers={
            HTTPStatus.OK: Answer(
                "The statistics.", {"application/json": Json(Statistics, {"after some jobs": examples.STATISTICS})}
            )
        },
    ),
    Route(
        route=f"GET {PREFIX}/api-keys",
        name="listApiKeys",
        tag=Tag.ACCOUNT,
        summary="List your API keys",
        answers={
            HTTPStatus.OK: Answer(
                "The keys, newest first.",
                {"application/json": Json(ApiKeys, {"one key": {"apiKeys": [examples.API_KEY]}})},
            )
        },
    ),
    Route(
        route=f"POST {PREFIX}/api-keys",
        name="createApiKey",
        tag=Tag.ACCOUNT,
        summary="Make an API key",
        description="The answer shows it, this once.",
        bodies={"application/json": Json(ApiKeyFields, {"a key": {"name": "photo import"}})},
        answers={
            HTTPStatus.CREATED: Answer(
                "The key.", {"application/json": Json(CreatedApiKey, {"a key": examples.CREATED_API_KEY})}
            )
        },
        errors=(*_JSON_ERRORS, account_errors.TooManyApiKeysError, credit_errors.ContentionError),
    ),
    Route(
        route=f"DELETE {PREFIX}/api-keys/{{keyId}}",
        name="revokeApiKey",
        tag=Tag.ACCOUNT,
        summary="Revoke an API key",
        description="It is refused from the next request on.",
        answers={HTTPStatus.NO_CONTENT: Answer("The key no longer works.")},
        errors=(account_errors.ApiKeyNotFoundError, credit_errors.ContentionError),
    ),
)
