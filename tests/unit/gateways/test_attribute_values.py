from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from background_remover.gateways.dynamodb import from_item, to_item

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**37), max_value=10**37),
    st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    st.text(),
)
VALUES = st.recursive(SCALARS, lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4))


@given(value=VALUES)
def test_a_value_is_written_as_boto3_writes_it_and_read_as_it_was(value: object) -> None:
    item = to_item({"name": [value]})
    assert item == {"name": TypeSerializer().serialize([value])}
    assert from_item(item) == {"name": [value]}


def test_an_attribute_that_is_none_is_left_out() -> None:
    assert to_item({"name": None, "other": 1}) == {"other": {"N": "1"}}


@pytest.mark.parametrize("value", [0.5, {1, 2}, set(), b"bytes", object()])
def test_a_value_that_no_item_has_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        to_item({"name": value})


def test_a_set_of_texts_is_written_in_one_order() -> None:
    assert to_item({"name": {"b", "a"}}) == {"name": {"SS": ["a", "b"]}}


def test_numbers_are_read_exactly() -> None:
    assert from_item({"n": {"N": "0.1"}}) == {"n": Decimal("0.1")}
