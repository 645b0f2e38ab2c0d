"""One attempt to hand an event to the address that its user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from background_remover.domain.public_url import AddressRefusedError, PublicUrl
from background_remover.gateways.public_https import PublicHttps, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ATTEMPT = 10.0
"""Seconds for all of it."""


class NotAnsweredError(Exception):
    """The event was not taken; the text says why."""


def post(
    https: PublicHttps, url: str, *, headers: Mapping[str, str], body: str, seconds: float = LONGEST_ATTEMPT
) -> int:
    """The status of the answer. Redirects are not followed, and nothing of its body is read.

    Raises `NotAnsweredError`.
    """
    sent = {"Content-Type": "application/json", **headers}
    deadline = https.clock() + seconds
    try:
        target = PublicUrl.parse(url)
        with https.exchange("POST", target, deadline=deadline, headers=sent, body=body.encode()) as answer:
            return answer.status
    except AddressRefusedError as error:
        raise NotAnsweredError(f"The URL {error}.") from error
    except UnansweredError as error:
        raise NotAnsweredError(f"The host {error}.") from error
