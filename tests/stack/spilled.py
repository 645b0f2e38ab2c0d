"""What no log may hold: whoever reads it could act as somebody, open a link, write to somebody, or see a photo."""

import re

from tests.stack.deploy import HUGGING_FACE_TOKEN
from tests.stack.local_stack import PASSWORD

_KINDS = {
    "the Hugging Face token": rf"{HUGGING_FACE_TOKEN}(?!\w)|\bhf_\w{{20,}}",
    "a password": re.escape(PASSWORD),
    "an API key": r"\bbrp_[\w-]{20,}",
    "a JWT": r"\beyJ[\w-]{8,}\.[\w-]{8,}",
    "a header of authorization": r"(?i)\bbearer\s+[\w.-]{8,}|\bauthorization(?:token)?\W{1,5}(?!bearer\b)[\w-]{8,}",
    "a signed link or form": r"(?i)x-amz-(?:signature|credential|security-token)|awsaccesskeyid|\bpolicy\W{1,5}eyJ",
    "an e-mail address": r"[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}",
    "an image": r"iVBORw0KGgo|/9j/[\w+/]{8,}|UklGR[\w+/]{8,}|JFIF|IHDR|(?:[\w+/]{4}){64,}",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


def spilled(line: str) -> list[str]:
    """The kinds of what the line holds and may not, each with where it begins."""
    return [f"{kind}: {found[0][:12]}…" for kind, pattern in _PATTERNS.items() if (found := pattern.search(line))]
