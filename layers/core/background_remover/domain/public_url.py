"""An address on the web that a user names and that we call: what can be said of it without asking anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urljoin, urlsplit

from background_remover.domain.jobs import LONGEST_FILE_NAME

LONGEST_URL = 2048
"""Characters."""

PORT = 443

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
# What resolvers take for an IPv4 address, in whatever notation: https://url.spec.whatwg.org/#ends-in-a-number-checker
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNWRITTEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff\ud800-\udfff]")
# Characters of a path and a query that are sent as they are: https://www.rfc-editor.org/rfc/rfc3986#appendix-A
_SENT_AS_THEY_ARE = "!$&'()*+,;=:@/?%-._~[]"


class AddressRefusedError(ValueError):
    """We do not call this address; the text says why."""


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """`host` as DNS and certificates know it, `target` as it is sent: the path and the query, without the fragment.

    Whether the host's addresses are public, `gateways/public_https.py` finds out.
    """

    host: str
    target: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.target}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `AddressRefusedError`."""
        if len(text) > LONGEST_URL:
            raise AddressRefusedError(f"is longer than {LONGEST_URL} characters")
        if _UNWRITTEN.search(text):
            # Parsers differ in what they make of these, so that one would check what another calls.
            raise AddressRefusedError("has a space, a control character or a backslash in it")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise AddressRefusedError("is no URL") from None
        if parts.scheme != "https":
            raise AddressRefusedError("does not begin with https://")
        if "@" in parts.netloc:
            raise AddressRefusedError("has a user name or password in it")
        if port not in (None, PORT):
            raise AddressRefusedError(f"names another port than {PORT}")
        target = quote(parts.path or "/", safe=_SENT_AS_THEY_ARE)
        if parts.query:
            target += f"?{quote(parts.query, safe=_SENT_AS_THEY_ARE)}"
        return cls(_host(parts.hostname or "", bracketed="[" in parts.netloc), target)

    def joined(self, location: str) -> PublicUrl:
        """Where a redirect leads. Raises `AddressRefusedError`."""
        try:
            return PublicUrl.parse(urljoin(str(self), location))
        except AddressRefusedError:
            raise
        except ValueError:
            raise AddressRefusedError("is no URL") from None

    @property
    def file_name(self) -> str | None:
        """The last part of the path, as people would write it; its end, where it is long."""
        last = self.target.partition("?")[0].rstrip("/").rpartition("/")[2]
        return unquote(last)[-LONGEST_FILE_NAME:] or None


def _host(name: str, *, bracketed: bool) -> str:
    if not name.isascii():
        import idna  # Its tables are for the few names that need them.

        try:
            # As browsers do it, full-width digits and dots become plain ones: https://www.unicode.org/reports/tr46/
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            raise AddressRefusedError("has no host that there can be") from None
    name = name.lower().removesuffix(".")
    if bracketed or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise AddressRefusedError("names its host by an IP address; use the host's name")
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise AddressRefusedError("has no host on the public internet")
    return name
