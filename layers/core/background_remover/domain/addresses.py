"""E-mail addresses, told apart by the mailbox that they reach."""

import hashlib
import unicodedata

_SAME_DOMAIN = {"googlemail.com": "gmail.com"}  # https://support.google.com/mail/answer/10313
_WITHOUT_DOTS = {"gmail.com"}  # https://support.google.com/mail/answer/7436150


def mailbox(address: str) -> str:
    """The address without what does not tell one mailbox from another: case, a tag after `+`, Google's dots.

    Somebody's own domain has as many mailboxes as its owner likes, which no rule about addresses can change.
    """
    local, _, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    domain = domain.rstrip(".")
    domain = _SAME_DOMAIN.get(domain, domain)
    name = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        name = name.replace(".", "") or name
    return f"{name}@{domain}"


def mailbox_digest(address: str) -> str:
    """The mailbox's SHA-256 in hex, which is kept in the mailbox's place."""
    return hashlib.sha256(mailbox(address).encode(errors="surrogatepass")).hexdigest()
