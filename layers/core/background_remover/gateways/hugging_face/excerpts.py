"""What is told of an answer in messages, which come into logs and to callers.

An answer may quote what was sent: the photo in base64, the token, a signed address. That is left out of it.
"""

import re

_LONGEST = 200
_LOOKED_AT = 4 * _LONGEST
# A token, the query of an address, and what is as long as only base64 and keys are.
_WITHHELD = re.compile(r"\bhf_\w+|\?[^\s\"'=]*=[^\s\"']*|[\w+/=-]{64,}|[A-Za-z0-9_]{32,}", re.ASCII)


def excerpt(body: bytes) -> str:
    """The beginning of an answer."""
    return told(body[:_LOOKED_AT].decode(errors="replace")) if body.strip() else "an empty body"


def told(message: str) -> str:
    return _WITHHELD.sub("…", message[:_LOOKED_AT])[:_LONGEST]
