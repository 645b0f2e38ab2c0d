"""Cognito is about to issue tokens: a new user gets the welcome's credits before the first request can come.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover import deployment
from background_remover.observability import logger, metrics
from background_remover.use_cases.welcome import welcome

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

welcomes = deployment.welcomes()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Returns the event as it came: the tokens stay as they are."""
    attributes = event["request"]["userAttributes"]
    # Text from Cognito, a truth value from whoever passes an ID token's claims on.
    is_verified = attributes.get("email_verified") in ("true", True)
    try:
        welcome(welcomes, attributes["sub"], attributes.get("email") if is_verified else None, datetime.now(UTC))
    except Exception:
        # What raises here keeps everybody from signing in; the next token comes by again.
        logger.exception("A sign-in could not be welcomed")
    return event
