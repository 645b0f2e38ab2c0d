"""`GET /api/health`: liveness, and what is deployed. Nothing else is asked, so that it tells about this API alone."""

import json
from typing import Any

from background_remover import __version__
from background_remover.commit import COMMIT


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
        "body": json.dumps({"status": "ok", "version": __version__, "commit": COMMIT}),
    }
