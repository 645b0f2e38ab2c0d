import socket
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from background_remover import clients
from background_remover.domain.api_keys import ApiKey
from background_remover.gateways.api_keys import ApiKeys
from background_remover.use_cases.use_api_key import use_api_key

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = "brp_of-anna"


@pytest.fixture
def anna(keys: ApiKeys) -> ApiKey:
    """Anna's key, never used."""
    kept = ApiKey.of(KEY, user_id="anna", name="import", created_at=NOON)
    keys.add(kept)
    return kept


def last_use(keys: ApiKeys, key: ApiKey) -> datetime | None:
    found = keys.find(key.key_id)
    assert found
    return found.last_used_at


@pytest.mark.usefixtures("anna")
def test_a_key_is_its_owner(keys: ApiKeys) -> None:
    assert use_api_key(keys, KEY, NOON, uses=lambda: keys) == "anna"


def test_a_key_that_nobody_made_is_nobody(keys: ApiKeys) -> None:
    assert use_api_key(keys, KEY, NOON, uses=lambda: keys) is None


def test_a_key_that_was_revoked_is_nobody(keys: ApiKeys, anna: ApiKey) -> None:
    keys.revoke(user_id="anna", key_id=anna.key_id)

    assert use_api_key(keys, KEY, NOON, uses=lambda: keys) is None


def test_the_first_use_is_recorded_at_once(keys: ApiKeys, anna: ApiKey) -> None:
    use_api_key(keys, KEY, NOON, uses=lambda: keys)

    assert last_use(keys, anna) == NOON


@pytest.mark.parametrize(("after", "recorded"), [(HOUR - timedelta(seconds=1), False), (HOUR, True)])
def test_further_uses_are_recorded_once_an_hour(keys: ApiKeys, anna: ApiKey, after: timedelta, recorded: bool) -> None:
    use_api_key(keys, KEY, NOON, uses=lambda: keys)

    use_api_key(keys, KEY, NOON + after, uses=lambda: keys)

    assert last_use(keys, anna) == (NOON + after if recorded else NOON)


def test_of_two_simultaneous_uses_one_is_recorded(keys: ApiKeys, anna: ApiKey) -> None:
    keys.record_use(anna, NOON)

    keys.record_use(anna, NOON + timedelta(seconds=1))

    assert last_use(keys, anna) == NOON


def test_a_use_does_not_bring_back_a_key_that_was_revoked_meanwhile(keys: ApiKeys, anna: ApiKey) -> None:
    keys.revoke(user_id="anna", key_id=anna.key_id)

    keys.record_use(anna, NOON)

    assert keys.find(anna.key_id) is None


def test_a_use_that_cannot_be_recorded_refuses_nobody(keys: ApiKeys, anna: ApiKey) -> None:
    no_table = ApiKeys(boto3.client("dynamodb", region_name="eu-central-1"), table="NoSuchTable")

    assert use_api_key(keys, KEY, NOON, uses=lambda: no_table) == "anna"
    assert last_use(keys, anna) is None


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_database_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "none")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        clients.session.cache_clear()
        clients.hurried_dynamodb.cache_clear()
        uses = ApiKeys(clients.hurried_dynamodb(), table="keys")
        started = time.monotonic()

        with pytest.raises(ReadTimeoutError):
            uses.record_use(ApiKey.of(KEY, user_id="anna", name="import", created_at=NOON), NOON)

        assert time.monotonic() - started < 2
    clients.hurried_dynamodb.cache_clear()
