"""What Schemathesis cannot know of the API, and a check of its own. It loads this module by its name."""

import base64
import re
import zlib
from itertools import count
from typing import Any, get_args

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, Failure

from background_remover.domain.jobs import UNKNOWN_TYPE, PhotoType
from background_remover.openapi import examples
from tests.e2e.caller import photo

FILES = st.one_of(
    st.sampled_from([photo(kind=kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")]),
    st.sampled_from([photo(kind="BMP"), photo(kind="GIF")[:-9], photo()[:-9], photo(kind="JPEG")[:300], photo()[:40]]),
    st.binary(max_size=100),
)
for media_type in (*get_args(PhotoType), UNKNOWN_TYPE):
    schemathesis.openapi.media_type(media_type, FILES)
schemathesis.openapi.format("binary", FILES)
schemathesis.openapi.format("byte", FILES.map(lambda file: base64.b64encode(file).decode()))

ACCEPTED = ("application/json", "image/png", "image/jpeg", "image/webp", "application/zip", "*/*")
WRONG_TYPE = re.compile(r"in body - .*(Incorrect type|violates `type`)")
_numbers = count()


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case[Any], __: dict[str, Any]) -> None:
    """Sees to it that most requests get further than to what is checked first."""
    if case.headers.get("Idempotency-Key") == examples.IDEMPOTENCY_KEY:
        case.headers["Idempotency-Key"] = f"order {next(_numbers)}"
    body: Any = case.body
    for name in ("image", "image_file"):
        if isinstance(body, dict) and body.get(name) == examples.FILE:
            body[name] = photo()
    _lead_nowhere(body)
    # Always the same for the same case, so that a failure can be repeated.
    choice = zlib.crc32(repr((case.query, body)).encode())
    # OpenAPI has no Accept header: it follows from the media types of the answers.
    case.headers["Accept"] = ACCEPTED[choice % len(ACCEPTED)]
    if choice % 2:
        case.headers.pop("Prefer", None)
    # The worker is paused, so that whoever waits for an end would wait as long as may be.
    if case.headers.get("Prefer", "").startswith("wait="):
        case.headers["Prefer"] = "wait=1"
    wait = str((case.query or {}).get("wait"))
    if wait.isdecimal() and int(wait) > 1:
        case.query["wait"] = 1
    # Of `POST /remove`, whose query goes with an image as the body.
    if case.media_type in ("multipart/form-data", "application/json") and case.query and choice % 8:
        case.query.clear()


def _lead_nowhere(body: Any) -> None:
    """No stranger's server is asked for images that nobody thought of: https://www.rfc-editor.org/rfc/rfc6761#section-6.4"""
    if isinstance(body, dict):
        for each in (body, *(files if isinstance(files := body.get("files"), list) else [])):
            if isinstance(each, dict) and str(each.get("imageUrl")).startswith("https://"):
                each["imageUrl"] = "https://nowhere.invalid/cat.jpg"


@schemathesis.hook
def filter_failure(
    _: schemathesis.HookContext, failure: Failure, case: schemathesis.Case[Any], __: schemathesis.Response
) -> bool:
    """A form knows no types: whatever is sent in it is text, or the bytes of a file."""
    is_form = case.media_type == "multipart/form-data"
    return not (is_form and isinstance(failure, AcceptedNegativeData) and WRONG_TYPE.search(failure.message))


@schemathesis.check
class EveryRouteSucceeds:
    """Fails if a route never did what it is for: then nothing behind its validation was fuzzed."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.succeeded: set[str] = set()

    def after_response(
        self, _: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
    ) -> None:
        self.called.add(case.operation.label)
        if response.status_code < 400:
            self.succeeded.add(case.operation.label)

    def after_run(self, _: schemathesis.CheckContext) -> None:
        assert self.called == self.succeeded, f"without a success: {sorted(self.called - self.succeeded)}"
