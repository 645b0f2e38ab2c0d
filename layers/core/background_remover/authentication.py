"""Who a Bearer token belongs to. JWTs and API keys load only what each needs: an authorizer's cold start is everyone's."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from background_remover.settings import Settings

if TYPE_CHECKING:
    from jwt import PyJWKClient

API_KEY_PREFIX = "brp_"
ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 10

# A user id becomes part of S3 keys, so it may not hold a slash. Cognito's are UUIDs, other issuers use | and @.
_USER_ID = re.compile(r"[A-Za-z0-9._:@|-]{1,128}")


class InvalidTokenError(Exception):
    """The token proves nobody's identity; the message says why, for the log only."""


def authenticate(authorization: str) -> str:
    """The user id behind an Authorization header's value. Raises `InvalidTokenError`."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidTokenError("not a Bearer token")
    user_id = _owner_of_key(token) if token.startswith(API_KEY_PREFIX) else _subject_of_jwt(token)
    if not _USER_ID.fullmatch(user_id):
        raise InvalidTokenError("the subject cannot serve as a user id")
    return user_id


def _owner_of_key(key: str) -> str:
    from background_remover import deployment

    owner = deployment.api_keys().owner(key)
    if owner is None:
        raise InvalidTokenError("unknown API key")
    return owner


def _subject_of_jwt(token: str) -> str:
    import jwt

    settings = Settings.from_environment()
    try:
        key = _signing_keys(settings.jwks_url).get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=settings.token_issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "sub"], "verify_aud": False},
        )
    except jwt.PyJWKClientConnectionError:
        raise  # The issuer cannot be reached: our trouble, not the caller's.
    except jwt.PyJWTError as error:
        raise InvalidTokenError(str(error)) from error
    # Cognito's access tokens name the client in `client_id` and have no `aud`:
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    audience = claims.get("aud", claims.get("client_id"))
    if not set(settings.token_audiences).intersection(audience if isinstance(audience, list) else [audience]):
        raise InvalidTokenError("meant for another audience")
    return str(claims["sub"])


@cache
def _signing_keys(jwks_url: str) -> PyJWKClient:
    """The issuer's keys, kept between invocations for as long as the container lives."""
    import jwt

    return jwt.PyJWKClient(jwks_url, cache_keys=True, timeout=3)
