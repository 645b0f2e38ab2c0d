"""The API's description: `GET /api/openapi.json`, and Swagger UI for it at `GET /api/docs`."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

from background_remover.domain.request_errors import RouteNotFoundError
from background_remover.http.api import Api
from background_remover.http.messages import Request, Response
from background_remover.settings import Settings

DOCUMENT = Path(__file__).with_name("openapi.json")
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
A_MOMENT = "public, max-age=300"
FOR_EVER = "public, max-age=31536000, immutable"  # Pages name the version of what they load.

# All addresses are relative, because the API's stage is part of the path.
SCRIPT = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null})'
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Background Remover Pro</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css?{version}">
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js?{version}"></script>
<script>{script}</script>
"""
HASH_OF_SCRIPT = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{HASH_OF_SCRIPT}'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def swagger_ui() -> Path:
    """The files of Swagger UI. Its package is not imported: that would want the web framework it is made for."""
    package = find_spec("flask_swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("flask_swagger_ui")
    return Path(package.submodule_search_locations[0], "dist")


def show_document(_: Request) -> Response:
    return Response(HTTPStatus.OK, DOCUMENT.read_text(), {"Cache-Control": A_MOMENT})


def show_page(_: Request) -> Response:
    version = swagger_ui().joinpath("VERSION").read_text().strip()
    return Response(
        HTTPStatus.OK,
        PAGE.format(version=version, script=SCRIPT),
        {"Cache-Control": A_MOMENT, "Content-Security-Policy": CONTENT_SECURITY_POLICY},
        "text/html; charset=utf-8",
    )


def show_asset(request: Request) -> Response:
    name = request.path["asset"]
    if name not in ASSETS:
        raise RouteNotFoundError("The page has no such file.")
    return Response(
        HTTPStatus.OK,
        swagger_ui().joinpath(name).read_text(),
        {"Cache-Control": FOR_EVER},
        ASSETS[name],
    )


api = Api(
    {
        "GET /api/openapi.json": show_document,
        "GET /api/docs": show_page,
        "GET /api/docs/{asset}": show_asset,
    },
    allowed_origins=Settings.from_environment().allowed_origins,
)
handler = api.handler
