"""A request came with an API key: whose is it, and when was it last used?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from background_remover.domain.api_keys import digest
from background_remover.observability import logger

if TYPE_CHECKING:
    from background_remover.gateways.api_keys import ApiKeys


def use_api_key(keys: ApiKeys, key: str, now: datetime, *, uses: Callable[[], ApiKeys]) -> str | None:
    """The owner's id; None for a key that is unknown. A use that `uses()` cannot record refuses nobody."""
    found = keys.find(digest(key))
    if found is None:
        return None
    if found.is_use_to_be_recorded(now):
        try:
            uses().record_use(found, now)
        except Exception:
            logger.warning("The use of an API key could not be recorded", exc_info=True)
    return found.user_id
