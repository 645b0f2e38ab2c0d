"""What the authorizer reads from its environment: a module of its own, as every request waits for its cold start."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerSettings:
    """Whose JWTs are accepted, and where API keys are. Raises `KeyError` for a variable that is missing."""

    issuer: str
    audiences: list[str]
    jwks_url: str
    api_keys_table: str

    @classmethod
    def from_environment(cls) -> Self:
        return cls(
            issuer=os.environ["TOKEN_ISSUER"],
            audiences=os.environ["TOKEN_AUDIENCES"].split(","),
            jwks_url=os.environ["JWKS_URL"],
            api_keys_table=os.environ["API_KEYS_TABLE"],
        )
