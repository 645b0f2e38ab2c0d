"""`GET /api-keys`, `POST /api-keys` and `DELETE /api-keys/{keyId}`: the keys of the caller's programs."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from http import HTTPStatus

from background_remover import deployment
from background_remover.domain.api_keys import ENTROPY_BYTES, ApiKey, api_key
from background_remover.http.api import PREFIX, Api
from background_remover.http.messages import Request, Response
from background_remover.http.representation.account import api_key_body
from background_remover.http.request_limits import RequestLimits

keys = deployment.api_keys()


def list_keys(request: Request) -> Response:
    return Response(HTTPStatus.OK, {"apiKeys": [api_key_body(key) for key in keys.of_user(request.user_id)]})


def create_key(request: Request) -> Response:
    """The only answer that ever holds the key itself."""
    from background_remover.http.requests import ApiKeyFields
    from background_remover.http.validation import json_object, validated_json

    fields = validated_json(ApiKeyFields, json_object(request.body()))
    key = api_key(secrets.token_bytes(ENTROPY_BYTES))
    kept = ApiKey.of(key, user_id=request.user_id, name=fields.name, created_at=datetime.now(UTC))
    keys.add(kept)
    return Response(HTTPStatus.CREATED, {**api_key_body(kept), "key": key})


def revoke_key(request: Request) -> Response:
    keys.revoke(user_id=request.user_id, key_id=request.path["keyId"])
    return Response(HTTPStatus.NO_CONTENT)


api = Api(
    {
        f"GET {PREFIX}/api-keys": list_keys,
        f"POST {PREFIX}/api-keys": create_key,
        f"DELETE {PREFIX}/api-keys/{{keyId}}": revoke_key,
    },
    allowed_origins=deployment.settings().allowed_origins,
    limits=RequestLimits(deployment.limits()),
)
handler = api.handler
