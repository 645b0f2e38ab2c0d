"""What images cost: the tier's price for one, less for many at once."""

from dataclasses import dataclass

from background_remover.domain.tiers import Tier

LARGEST_BATCH = 500

_DISCOUNTS = ((20, 5), (51, 10), (101, 15), (201, 20))
"""From how many images on, and how many per cent."""


@dataclass(frozen=True, slots=True)
class Quote:
    """In credits. `discount` is what `images` times `unit_price` are more than `price`."""

    images: int
    unit_price: int
    discount: int
    price: int


def quote(images: int, unit_price: int) -> Quote:
    """The price of 1 to `LARGEST_BATCH` images bought at once. They never cost more than a larger batch would."""
    larger = [images, *(threshold for threshold, _ in _DISCOUNTS if threshold > images)]
    price = min(_discounted(each, unit_price) for each in larger)
    return Quote(images, unit_price, discount=images * unit_price - price, price=price)


def shares(price: int, images: int) -> list[int]:
    """The price spread over the images, in integers that add up to it and differ by one at most."""
    each, rest = divmod(price, images)
    return [each + 1] * rest + [each] * (images - rest)


def settled(price: int, ordered: Tier, delivered: Tier) -> int:
    """What of a price is charged where another tier was delivered: as its own price stands to that of the one ordered.

    Rounded down, as the share of a discounted batch may be any integer.
    """
    return price * delivered.credits // ordered.credits


def _discounted(images: int, unit_price: int) -> int:
    per_cent = max((per_cent for threshold, per_cent in _DISCOUNTS if images >= threshold), default=0)
    return images * unit_price - images * unit_price * per_cent // 100
