"""The quality tiers. A tier is one row of this table: what it adds to model and price becomes a column here."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from background_remover.domain.errors import TierUnavailableError, UnknownTierError


class Model(StrEnum):
    """Hugging Face model ids."""

    RMBG_1_4 = "briaai/RMBG-1.4"
    RMBG_2_0 = "briaai/RMBG-2.0"


@dataclass(frozen=True, slots=True)
class Tier:
    """`credits` is the price of one image."""

    name: str
    model: Model
    credits: int


TIERS = {
    tier.name: tier
    for tier in (
        Tier("basic", Model.RMBG_1_4, credits=3),
        Tier("standard", Model.RMBG_2_0, credits=8),
        Tier("professional", Model.RMBG_2_0, credits=15),
        Tier("industry", Model.RMBG_2_0, credits=25),
    )
}


def tier_named(name: str) -> Tier:
    """Raises `UnknownTierError`, which lists the tiers there are."""
    try:
        return TIERS[name]
    except KeyError:
        raise UnknownTierError(f"There is no tier “{name}”. Choose one of: {', '.join(TIERS)}.") from None


def require_served(model: Model, served: Collection[Model]) -> None:
    """Raises `TierUnavailableError` where the model is not among those that this deployment has an address for."""
    if model not in served:
        raise TierUnavailableError(
            f"This deployment has no Hugging Face address for {model}. Choose another tier, or ask its operator."
        )
