"""The API about itself: for anybody."""

from http import HTTPStatus
from typing import Any

from background_remover.http.answers.service import Health
from background_remover.openapi.description import Answer, Json, Route, Tag, Text

ROUTES = (
    Route(
        route="GET /api/health",
        name="getHealth",
        tag=Tag.SERVICE,
        summary="Liveness, and what is deployed",
        needs_token=False,
        answers={
            HTTPStatus.OK: Answer(
                "The API is there.",
                {"application/json": Json(Health, {"ok": {"status": "ok", "version": "1.0.0", "commit": "3f9c2d71"}})},
            )
        },
    ),
    Route(
        route="GET /api/openapi.json",
        name="getOpenApi",
        tag=Tag.SERVICE,
        summary="This document",
        needs_token=False,
        answers={
            HTTPStatus.OK: Answer(
                "OpenAPI 3.1.", {"application/json": Json(dict[str, Any], {"its head": {"openapi": "3.1.0"}})}
            )
        },
    ),
    Route(
        route="GET /api/docs",
        name="getDocs",
        tag=Tag.SERVICE,
        summary="This document as a page",
        needs_token=False,
        answers={HTTPStatus.OK: Answer("Swagger UI.", {"text/html": Text("<!doctype html>…")})},
    ),
    Route(
        route="GET /api/docs/{asset}",
        name="getDocsAsset",
        tag=Tag.SERVICE,
        summary="Scripts and styles of that page",
        needs_token=False,
        answers={
            HTTPStatus.OK: Answer(
                "The file.",
                {"text/javascript": Text("window.SwaggerUIBundle = …"), "text/css": Text(".swagger-ui { … }")},
            )
        },
    ),
)
