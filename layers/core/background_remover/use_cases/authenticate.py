"""Who a Bearer token belongs to: the subject of a JWT, or the owner of an API key."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from background_remover.domain import api_keys
from background_remover.domain.identity import USER_ID

if TYPE_CHECKING:
    from jwt import PyJWKClient

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 10

_USER_ID = re.compile(USER_ID)


class InvalidTokenError(Exception):
    """The token proves nobody's identity; the message says why, for the log only."""


class Authenticate:
    """`jwks_url` is where `issuer` publishes its keys. They are read anew every five minutes, and for a token of an
    unknown key if they were not read within half a minute.

    A JWT must be meant for one of the `audiences`. `owner_of_key` says whose an API key is; None for an unknown one.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audiences: Collection[str],
        jwks_url: str,
        owner_of_key: Callable[[str], str | None],
    ) -> None:
        self._issuer = issuer
        self._audiences = set(audiences)
        self._jwks_url = jwks_url
        self._owner_of_key = owner_of_key

    @cached_property
    def _keys(self) -> PyJWKClient:
        from jwt import PyJWKClient

        return PyJWKClient(self._jwks_url, timeout=3, lifespan=300, cooldown_duration=30)

    def __call__(self, authorization: str) -> str:
        """The user's id, from an Authorization header's value. Raises `InvalidTokenError`.

        Raises `jwt.PyJWKClientConnectionError` when the issuer cannot be reached: our trouble, not the caller's.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise InvalidTokenError("not a Bearer token")
        user_id = self._owner(token) if token.startswith(api_keys.PREFIX) else self._subject(token)
        if not _USER_ID.fullmatch(user_id):
            raise InvalidTokenError("the subject cannot serve as a user id")
        return user_id

    def _owner(self, key: str) -> str:
        owner = self._owner_of_key(key)
        if owner is None:
            raise InvalidTokenError("unknown API key")
        return owner

    def _subject(self, token: str) -> str:
        # PyJWT and cryptography are loaded for JWTs only: API keys need neither.
        import jwt

        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except jwt.PyJWKClientConnectionError:
            raise
        except jwt.PyJWTError as error:
            raise InvalidTokenError(str(error)) from error
        # Cognito's access tokens name the client in `client_id` and have no `aud`:
        # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
        audience = claims.get("aud", claims.get("client_id"))
        if self._audiences.isdisjoint(audience if isinstance(audience, list) else [audience]):
            raise InvalidTokenError("meant for another audience")
        return str(claims["sub"])
