"""remove.bg's sizes: how many pixels each has at most. Which tier each is, and so what it costs, a deployment says."""

from __future__ import annotations

from collections.abc import Mapping

from background_remover.domain.tiers import TIERS, Tier
from background_remover.removebg.refusals import RefusedError

PIXELS = {"preview": 250_000, "medium": 1_500_000, "hd": 4_000_000, "full": 25_000_000}
"""From the smallest to the largest."""

MOST_PNG_PIXELS = 10_000_000

_ALIASES = {"small": "preview", "regular": "preview", "4k": "full"}


def tiers_of_sizes(table: str) -> dict[str, Tier]:
    """`preview=basic,medium=standard,…`, with each size once. Raises `ValueError`."""
    named = dict(row.strip().split("=", 1) for row in table.split(","))
    if set(named) != set(PIXELS):
        raise ValueError(f"The table of sizes has to name {', '.join(PIXELS)}, and names {', '.join(named)}")
    return {size: TIERS[tier] for size, tier in named.items()}


def sizes_to_try(text: str, tiers: Mapping[str, Tier]) -> list[str]:
    """The size, or for `auto` those that have a tier of their own, the largest first. Raises `RefusedError`."""
    if text == "auto":
        largest_first = list(reversed(PIXELS))
        return [
            size
            for position, size in enumerate(largest_first)
            if tiers[size] not in [tiers[larger] for larger in largest_first[:position]]
        ]
    size = _ALIASES.get(text, text)
    if size not in PIXELS:
        raise RefusedError("invalid_size", f"Choose one of {', '.join((*PIXELS, *_ALIASES, 'auto'))}.")
    return [size]
