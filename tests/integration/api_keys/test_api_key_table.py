from datetime import UTC, datetime, timedelta

import pytest

from background_remover.domain.account_errors import ApiKeyNotFoundError, TooManyApiKeysError
from background_remover.domain.api_keys import MOST_KEYS, ApiKey, api_key
from background_remover.gateways.api_keys import ApiKeys
from background_remover.gateways.dynamodb import TransactionRefusedError

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def new_key(number: int = 0, user_id: str = "anna") -> ApiKey:
    """Its `number` minutes after noon."""
    return ApiKey.of(
        api_key(f"{user_id} {number}".encode().ljust(32)),
        user_id=user_id,
        name=f"key {number}",
        created_at=NOON + timedelta(minutes=number),
    )


def added(keys: ApiKeys, *numbers: int, user_id: str = "anna") -> list[ApiKey]:
    made = [new_key(number, user_id) for number in numbers]
    for key in made:
        keys.add(key)
    return made


def test_a_key_is_found_as_it_was_added(keys: ApiKeys) -> None:
    (key,) = added(keys, 1)

    assert keys.find(key.key_id) == key


def test_what_nobody_added_is_not_found(keys: ApiKeys) -> None:
    added(keys, 1)

    assert keys.find(new_key(2).key_id) is None


def test_a_users_keys_are_listed_newest_first(keys: ApiKeys) -> None:
    first, third, second = added(keys, 1, 3, 2)
    added(keys, 4, user_id="ben")

    assert keys.of_user("anna") == [third, second, first]


def test_a_user_without_keys_has_an_empty_list(keys: ApiKeys) -> None:
    assert keys.of_user("anna") == []


def test_a_user_may_have_so_many_keys_and_no_more(keys: ApiKeys) -> None:
    added(keys, *range(MOST_KEYS))

    with pytest.raises(TooManyApiKeysError):
        keys.add(new_key(MOST_KEYS))

    assert keys.find(new_key(MOST_KEYS).key_id) is None
    assert len(keys.of_user("anna")) == MOST_KEYS


def test_a_revoked_key_makes_room_for_another(keys: ApiKeys) -> None:
    made = added(keys, *range(MOST_KEYS))
    keys.revoke(user_id="anna", key_id=made[0].key_id)

    added(keys, MOST_KEYS)

    assert len(keys.of_user("anna")) == MOST_KEYS


def test_the_keys_of_one_user_are_no_limit_to_another(keys: ApiKeys) -> None:
    added(keys, *range(MOST_KEYS))

    added(keys, 1, user_id="ben")

    assert len(keys.of_user("ben")) == 1


def test_a_key_that_is_there_already_stays_as_it_is(keys: ApiKeys) -> None:
    (key,) = added(keys, 1)

    with pytest.raises(TransactionRefusedError):
        keys.add(ApiKey(key_id=key.key_id, user_id="ben", name="", beginning="", created_at=NOON))

    assert keys.find(key.key_id) == key
    assert keys.of_user("ben") == []


def test_a_revoked_key_is_neither_found_nor_listed(keys: ApiKeys) -> None:
    first, second = added(keys, 1, 2)

    keys.revoke(user_id="anna", key_id=first.key_id)

    assert keys.find(first.key_id) is None
    assert keys.of_user("anna") == [second]


def test_who_has_revoked_all_keys_may_make_one(keys: ApiKeys) -> None:
    (key,) = added(keys, 1)
    keys.revoke(user_id="anna", key_id=key.key_id)

    assert added(keys, 2) == keys.of_user("anna")


def test_a_key_is_revoked_once(keys: ApiKeys) -> None:
    (key,) = added(keys, 1)
    keys.revoke(user_id="anna", key_id=key.key_id)

    with pytest.raises(ApiKeyNotFoundError):
        keys.revoke(user_id="anna", key_id=key.key_id)


def test_a_key_of_somebody_else_cannot_be_revoked(keys: ApiKeys) -> None:
    (key,) = added(keys, 1)

    with pytest.raises(ApiKeyNotFoundError):
        keys.revoke(user_id="ben", key_id=key.key_id)

    assert keys.find(key.key_id) == key
    assert keys.of_user("anna") == [key]


@pytest.mark.parametrize("key_id", ["", "user#anna", "0" * 63, "0" * 65, "A" * 64, "x" * 3000, "\ud800" * 64, "٠" * 64])
def test_what_is_no_id_of_a_key_is_not_found(keys: ApiKeys, key_id: str) -> None:
    (key,) = added(keys, 1)

    with pytest.raises(ApiKeyNotFoundError):
        keys.revoke(user_id="anna", key_id=key_id)

    assert keys.of_user("anna") == [key]
