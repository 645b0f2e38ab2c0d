"""`GET /api/health`: liveness and version. Nothing else is asked, so that it tells about this API alone."""

import json
from typing import Any

from background_remover import __version__


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"status": "ok", "version": __version__}),
    }
