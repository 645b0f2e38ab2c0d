"""Which tier a size of remove.bg is."""

import pytest

from background_remover.domain.tiers import TIERS
from background_remover.removebg.refusals import RefusedError
from background_remover.removebg.sizes import sizes_to_try, tiers_of_sizes

TABLE = tiers_of_sizes("preview=basic,medium=standard,hd=standard,full=professional")


def test_a_table_names_the_tier_of_each_size() -> None:
    assert {size: tier.name for size, tier in TABLE.items()} == {
        "preview": "basic",
        "medium": "standard",
        "hd": "standard",
        "full": "professional",
    }


@pytest.mark.parametrize(
    "table", ["", "preview=basic", "preview=basic,medium=standard,hd=standard,huge=professional", "preview"]
)
def test_a_table_that_names_others_or_not_all_is_refused(table: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # from wherever
        tiers_of_sizes(table)


@pytest.mark.parametrize(
    ("asked", "size"), [("preview", "preview"), ("small", "preview"), ("regular", "preview"), ("4k", "full")]
)
def test_a_size_has_more_than_one_name(asked: str, size: str) -> None:
    assert sizes_to_try(asked, TABLE) == [size]


def test_auto_tries_each_tier_once_with_its_largest_size() -> None:
    assert sizes_to_try("auto", TABLE) == ["full", "hd", "preview"]
    assert sizes_to_try("auto", dict.fromkeys(TABLE, TIERS["standard"])) == ["full"]


def test_no_other_size_is_taken() -> None:
    with pytest.raises(RefusedError) as refused:
        sizes_to_try("8k", TABLE)
    assert refused.value.code == "invalid_size"
