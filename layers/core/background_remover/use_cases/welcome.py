"""Somebody signs in: a user whom nobody has seen before gets an account with the welcome's credits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.addresses import mailbox_digest
from background_remover.gateways.welcomes import Welcome
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.gateways.welcomes import Welcomes


def welcome(welcomes: Welcomes, user_id: str, verified_address: str | None, now: datetime) -> None:
    """`verified_address` is None where nobody has shown that the address is the user's: then there are no credits."""
    if verified_address is None:
        logger.info("Not welcomed", user_id=user_id, reason="no verified address")
        return
    outcome = welcomes.give(user_id, mailbox_digest(verified_address), now)
    if outcome is Welcome.DAY_IS_FULL:
        logger.warning("Not welcomed", user_id=user_id, reason=outcome)
    elif outcome is not Welcome.USER_IS_KNOWN:
        logger.info("Welcomed" if outcome is Welcome.GIVEN else "Not welcomed", user_id=user_id, reason=outcome)
