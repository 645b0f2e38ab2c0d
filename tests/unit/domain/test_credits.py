from collections.abc import Callable

import pytest

from background_remover.domain.credits import Movement, bonus, capture, hold, purchase, release


def total(*movements: Movement) -> tuple[int, int]:
    return sum(movement.available for movement in movements), sum(movement.held for movement in movements)


@pytest.mark.parametrize("price", [3, 8, 15, 25])
def test_holding_and_capturing_costs_the_price(price: int) -> None:
    assert total(hold(price), capture(price)) == (-price, 0)


@pytest.mark.parametrize("price", [3, 8, 15, 25])
def test_holding_and_releasing_costs_nothing(price: int) -> None:
    assert total(hold(price), release(price)) == (0, 0)


def test_a_hold_moves_credits_from_available_to_held() -> None:
    assert total(hold(8)) == (-8, 8)


@pytest.mark.parametrize("add", [purchase, bonus])
def test_a_purchase_or_bonus_only_adds_to_what_is_available(add: Callable[[int], Movement]) -> None:
    assert total(add(100)) == (100, 0)


def test_every_movement_is_of_its_own_kind() -> None:
    kinds = [movement.kind for movement in (purchase(1), bonus(1), hold(1), capture(1), release(1))]

    assert kinds == ["purchase", "bonus", "hold", "capture", "release"]
