import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.pricing import LARGEST_BATCH, quote, settled, shares
from background_remover.domain.tiers import TIERS

UNIT_PRICES = [tier.credits for tier in TIERS.values()]


@pytest.mark.parametrize(
    ("tier", "images", "price"),
    [
        ("basic", 1, 3),
        ("basic", 19, 57),
        ("basic", 33, 95),
        ("basic", 50, 138),
        ("basic", 51, 138),
        ("professional", 101, 1288),
        ("industry", 201, 4020),
        ("industry", 500, 10_000),
    ],
)
def test_a_batch_costs_what_the_price_list_says(tier: str, images: int, price: int) -> None:
    assert quote(images, TIERS[tier].credits).price == price


@pytest.mark.parametrize("unit_price", UNIT_PRICES)
def test_a_batch_never_costs_more_than_a_larger_one(unit_price: int) -> None:
    prices = [quote(images, unit_price).price for images in range(1, LARGEST_BATCH + 1)]
    assert prices == sorted(prices)


@pytest.mark.parametrize("unit_price", UNIT_PRICES)
def test_the_discount_is_at_least_that_of_the_size(unit_price: int) -> None:
    for images in range(1, LARGEST_BATCH + 1):
        per_cent = 20 if images > 200 else 15 if images > 100 else 10 if images > 50 else 5 if images >= 20 else 0
        offer = quote(images, unit_price)
        assert offer.discount >= images * unit_price * per_cent // 100
        assert offer.price + offer.discount == images * unit_price


@given(st.integers(0, 20_000), st.integers(1, LARGEST_BATCH))
def test_shares_add_up_to_the_price_and_differ_by_one_at_most(price: int, images: int) -> None:
    each = shares(price, images)

    assert (len(each), sum(each)) == (images, price)
    assert max(each) - min(each) <= 1


@pytest.mark.parametrize(("price", "charged"), [(25, 15), (24, 14), (23, 13), (20, 12), (1, 0), (0, 0)])
def test_where_a_lesser_tier_was_delivered_its_part_of_the_price_is_charged_rounded_down(
    price: int, charged: int
) -> None:
    assert settled(price, TIERS["industry"], TIERS["professional"]) == charged


@given(st.integers(0, 25), st.sampled_from(sorted(TIERS)))
def test_what_was_ordered_is_charged_in_full(price: int, tier: str) -> None:
    assert settled(price, TIERS[tier], TIERS[tier]) == price
