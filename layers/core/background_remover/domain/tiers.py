"""The quality tiers. A tier is one row of this table: what sets it apart is a column here."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from background_remover.domain.inference_errors import TierUnavailableError
from background_remover.domain.request_errors import UnknownTierError


class Model(StrEnum):
    """Hugging Face model ids."""

    RMBG_1_4 = "briaai/RMBG-1.4"
    RMBG_2_0 = "briaai/RMBG-2.0"


@dataclass(frozen=True, slots=True)
class Refinement:
    """What is done with the photo's pixels once there is a matte.

    `alpha`: the matte is refined against the photo. `colour_pixels`: the subject's colours are freed of the old
    background, estimated on copies of the photo of so many pixels, one after the other.
    """

    alpha: bool = False
    colour_pixels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """`credits` is the price of one image, `looks` how often the model looks at it: where two looks contradict each
    other, a third one follows.

    `lossless`: a WebP is lossless unless the request says otherwise. `aws_dollars`: what AWS bills for one photo of 12
    megapixels, as measured in docs/operations.md.
    """

    name: str
    model: Model
    credits: int
    refinement: Refinement
    aws_dollars: float
    looks: int = 1
    lossless: bool = False


TIERS = {
    tier.name: tier
    for tier in (
        Tier("basic", Model.RMBG_1_4, 3, Refinement(), 0.00007),
        Tier("standard", Model.RMBG_2_0, 8, Refinement(alpha=True), 0.00008),
        Tier("professional", Model.RMBG_2_0, 15, Refinement(alpha=True, colour_pixels=(190_000,)), 0.00008),
        Tier(
            "industry",
            Model.RMBG_2_0,
            25,
            Refinement(alpha=True, colour_pixels=(190_000, 750_000)),
            0.00009,
            looks=2,
            lossless=True,
        ),
    )
}


def tier_named(name: str) -> Tier:
    """Raises `UnknownTierError`, which lists the tiers there are."""
    try:
        return TIERS[name]
    except KeyError:
        raise UnknownTierError(f"There is no tier “{name}”. Choose one of: {', '.join(TIERS)}.") from None


def delivered_with(tier: Tier, mattes: int) -> Tier:
    """The tier whose result so many mattes make: the tier itself, or the best below it that needs no more of them."""
    return max(
        (
            each
            for each in TIERS.values()
            if each.looks <= mattes and each.model is tier.model and each.credits <= tier.credits
        ),
        key=lambda each: each.credits,
    )


def require_served(model: Model, served: Collection[Model]) -> None:
    """Raises `TierUnavailableError` where the model is not among those that this deployment has an address for."""
    if model not in served:
        raise TierUnavailableError(
            f"This deployment has no Hugging Face address for {model}. Choose another tier, or ask its operator."
        )


def tiers_up_to(name: str) -> dict[str, Tier]:
    """The tier of that name and those below it."""
    names = list(TIERS)
    return {each: TIERS[each] for each in names[: names.index(name) + 1]}
