"""API keys: a prefix that tells them from JWTs, and 256 random bits, of which only the SHA-256 is kept.

So much randomness needs neither salt nor stretching.
"""

import base64
import hashlib

PREFIX = "brp_"
ENTROPY_BYTES = 32


def api_key(entropy: bytes) -> str:
    """`entropy` is `ENTROPY_BYTES` of it."""
    return PREFIX + base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
