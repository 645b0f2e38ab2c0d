import pytest

from background_remover.domain.request_errors import UnknownTierError
from background_remover.domain.tiers import TIERS, Model, delivered_with, tier_named, tiers_up_to


@pytest.mark.parametrize(
    ("name", "credits", "model"),
    [
        ("basic", 3, "briaai/RMBG-1.4"),
        ("standard", 8, "briaai/RMBG-2.0"),
        ("professional", 15, "briaai/RMBG-2.0"),
        ("industry", 25, "briaai/RMBG-2.0"),
    ],
)
def test_a_tier_has_its_price_and_its_model(name: str, credits: int, model: str) -> None:
    tier = tier_named(name)

    assert tier.name == name
    assert tier.credits == credits
    assert tier.model == Model(model)


def test_there_are_no_other_tiers_and_they_are_listed_from_cheap_to_dear() -> None:
    assert list(TIERS) == ["basic", "standard", "professional", "industry"]


@pytest.mark.parametrize("name", ["", "Basic", "gold", "basic "])
def test_an_unknown_tier_is_refused_with_the_tiers_there_are(name: str) -> None:
    with pytest.raises(UnknownTierError) as refusal:
        tier_named(name)

    assert refusal.value.detail == f"There is no tier “{name}”. Choose one of: basic, standard, professional, industry."


@pytest.mark.parametrize("name", TIERS)
def test_with_all_its_mattes_a_tier_is_delivered_as_itself(name: str) -> None:
    assert delivered_with(TIERS[name], TIERS[name].looks) is TIERS[name]


def test_with_one_matte_instead_of_two_the_best_tier_that_needs_one_is_delivered() -> None:
    assert delivered_with(TIERS["industry"], 1) is TIERS["professional"]


@pytest.mark.parametrize(
    ("name", "names"), [("basic", ["basic"]), ("professional", ["basic", "standard", "professional"])]
)
def test_the_tiers_up_to_one_are_those_below_it_and_itself(name: str, names: list[str]) -> None:
    assert list(tiers_up_to(name)) == names
