"""`fetch_image` in this process, on an internet of a test's own."""

import importlib.util
from typing import Any

from tests.integration.fetching.web import Web
from tests.project import PROJECT


class Context:
    """What the handler takes from Lambda's context."""

    function_name = "FetchImageFunction"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:FetchImageFunction"
    aws_request_id = "00000000-0000-4000-8000-000000000000"


def fetch_image(web: Web, url: str, store_at: str) -> dict[str, Any]:
    """What the handler answers. Only the resolver, the way to connect and the trust are the test's."""
    app = _app()
    app.https = web.https()
    answer: dict[str, Any] = app.handler({"url": url, "storeAt": store_at}, Context())
    return answer


def _app() -> Any:
    spec = importlib.util.spec_from_file_location("fetch_image", PROJECT / "functions/fetch_image/app.py")
    assert spec
    assert spec.loader
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    return app
