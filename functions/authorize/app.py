"""The Lambda authorizer: whose request is it? The Bearer token is a JWT of the configured issuer, or an API key."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from background_remover.authorizer_settings import AuthorizerSettings
from background_remover.observability import logger
from background_remover.use_cases.authenticate import Authenticate, InvalidTokenError
from background_remover.use_cases.use_api_key import use_api_key

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

    from background_remover.gateways.api_keys import ApiKeys

LOGGED_REASON = 200  # Characters; some reasons quote what is in the token.

settings = AuthorizerSettings.from_environment()


def owner_of_key(key: str) -> str | None:
    # boto3 is loaded for API keys only: JWTs need nothing from AWS, and an authorizer's cold start is everyone's.
    from background_remover import clients
    from background_remover.gateways.api_keys import ApiKeys

    def keys_by(client: DynamoDBClient) -> ApiKeys:
        return ApiKeys(client, table=settings.api_keys_table)

    return use_api_key(
        keys_by(clients.dynamodb()), key, datetime.now(UTC), uses=lambda: keys_by(clients.hurried_dynamodb())
    )


authenticate = Authenticate(
    issuer=settings.issuer,
    audiences=settings.audiences,
    jwks_url=settings.jwks_url,
    owner_of_key=owner_of_key,
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Raises `Exception("Unauthorized")`, the words by which API Gateway answers 401 instead of 500.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
    """
    try:
        user_id = authenticate(event["authorizationToken"])
    except InvalidTokenError as error:
        logger.info("Refused", reason=str(error)[:LOGGED_REASON])
        raise Exception("Unauthorized") from None
    # All routes: a policy would read a path that holds * or ${…} as a pattern.
    api_and_stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api_and_stage}/*"},
            ],
        },
        "context": {"userId": user_id},
    }
