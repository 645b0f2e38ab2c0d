"""Tokens of an issuer that publishes its keys over HTTP, as any OpenID provider does."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from background_remover.use_cases.authenticate import Authenticate, InvalidTokenError

ISSUER = "https://issuer.example"
AUDIENCE = "the-front-end"


@dataclass
class Issuer:
    key: rsa.RSAPrivateKey
    jwks_url: str
    asked: int = 0

    def token(self, key: rsa.RSAPrivateKey | None = None, kid: str = "one", **claims: object) -> str:
        now = datetime.now(UTC)
        standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": now + timedelta(minutes=5)}
        return jwt.encode(
            {name: value for name, value in {**standard, **claims}.items() if value is not None},
            key or self.key,
            algorithm="RS256",
            headers={"kid": kid},
        )


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "one", "use": "sig", "alg": "RS256"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked += 1
            body = json.dumps({"keys": [jwk]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = Issuer(key, f"http://127.0.0.1:{server.server_address[1]}/jwks.json")
        yield made
        server.shutdown()


@pytest.fixture
def authenticate(issuer: Issuer) -> Authenticate:
    return Authenticate(
        issuer=ISSUER,
        audiences=["another", AUDIENCE],
        jwks_url=issuer.jwks_url,
        owner_of_key={"brp_known": "user-2", "brp_odd": "a/b"}.get,
    )


def test_a_valid_token_is_its_subject(authenticate: Authenticate, issuer: Issuer) -> None:
    assert authenticate(f"Bearer {issuer.token()}") == "user-1"


def test_the_scheme_is_matched_in_any_case(authenticate: Authenticate, issuer: Issuer) -> None:
    assert authenticate(f"bearer {issuer.token()}") == "user-1"


def test_a_cognito_access_token_names_its_audience_as_client_id(authenticate: Authenticate, issuer: Issuer) -> None:
    assert authenticate(f"Bearer {issuer.token(aud=None, client_id=AUDIENCE)}") == "user-1"


def test_one_of_several_audiences_is_enough(authenticate: Authenticate, issuer: Issuer) -> None:
    assert authenticate(f"Bearer {issuer.token(aud=['unknown', AUDIENCE])}") == "user-1"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": datetime.now(UTC) - timedelta(minutes=1)}, "expired"),
        ({"exp": None}, "exp"),
        ({"nbf": datetime.now(UTC) + timedelta(days=1)}, "not yet valid"),
        ({"iss": "https://somebody.else"}, "issuer"),
        ({"aud": "somebody-else"}, "audience"),
        ({"aud": None}, "audience"),
        ({"sub": None}, "sub"),
        ({"sub": "../../inputs/somebody"}, "user id"),
        ({"sub": "x" * 129}, "user id"),
    ],
)
def test_a_token_with_wrong_claims_is_refused(
    authenticate: Authenticate, issuer: Issuer, claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidTokenError, match=reason):
        authenticate(f"Bearer {issuer.token(**claims)}")


def test_a_token_signed_by_somebody_else_is_refused(authenticate: Authenticate, issuer: Issuer) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(InvalidTokenError):
        authenticate(f"Bearer {issuer.token(key=stranger)}")


def test_a_token_of_an_unknown_key_is_refused(authenticate: Authenticate, issuer: Issuer) -> None:
    with pytest.raises(InvalidTokenError):
        authenticate(f"Bearer {issuer.token(kid='two')}")


def test_unknown_keys_make_it_ask_the_issuer_once_in_a_while_only(authenticate: Authenticate, issuer: Issuer) -> None:
    """Or a stranger could have it ask a thousand times a second."""
    authenticate(f"Bearer {issuer.token()}")
    asked = issuer.asked

    for number in range(20):
        with pytest.raises(InvalidTokenError):
            authenticate(f"Bearer {issuer.token(kid=f'unknown {number}')}")

    assert issuer.asked == asked


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(authenticate: Authenticate) -> None:
    """Algorithm confusion: only asymmetric algorithms are accepted."""
    forged = jwt.encode(
        {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "exp": datetime.now(UTC) + timedelta(minutes=5)},
        "a secret that is long enough for HS256",
        algorithm="HS256",
        headers={"kid": "one"},
    )
    with pytest.raises(InvalidTokenError):
        authenticate(f"Bearer {forged}")


def test_an_unsigned_token_is_refused(authenticate: Authenticate) -> None:
    with pytest.raises(InvalidTokenError):
        authenticate(f"Bearer {jwt.encode({'sub': 'user-1'}, '', algorithm='none', headers={'kid': 'one'})}")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer nonsense", "Bearer a.b.c"]
)
def test_what_is_no_bearer_token_is_refused(authenticate: Authenticate, authorization: str) -> None:
    with pytest.raises(InvalidTokenError):
        authenticate(authorization)


def test_an_issuer_that_cannot_be_reached_is_not_the_callers_fault(issuer: Issuer) -> None:
    authenticate = Authenticate(
        issuer=ISSUER, audiences=[AUDIENCE], jwks_url="http://127.0.0.1:9/jwks.json", owner_of_key=dict[str, str]().get
    )
    with pytest.raises(jwt.PyJWKClientConnectionError):
        authenticate(f"Bearer {issuer.token()}")


def test_an_api_key_is_its_owner(authenticate: Authenticate) -> None:
    assert authenticate("Bearer brp_known") == "user-2"


@pytest.mark.parametrize("key", ["brp_unknown", "brp_odd"])
def test_an_api_key_without_a_usable_owner_is_refused(authenticate: Authenticate, key: str) -> None:
    with pytest.raises(InvalidTokenError):
        authenticate(f"Bearer {key}")
