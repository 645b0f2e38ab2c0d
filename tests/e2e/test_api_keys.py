from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from background_remover.domain.api_keys import MOST_KEYS
from tests.e2e.caller import Caller
from tests.stack.local_stack import LocalStack


def create_key(caller: Caller, name: Any = "import") -> requests.Response:
    return caller.http.post(f"{caller.routes}/api-keys", json={"name": name}, timeout=30)


def made_key(caller: Caller) -> dict[str, Any]:
    answer = create_key(caller)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def call_with(key: str, caller: Caller) -> requests.Response:
    return requests.get(f"{caller.routes}/jobs", headers={"Authorization": f"Bearer {key}"}, timeout=30)


def listed(caller: Caller) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = caller.get("api-keys").json()["apiKeys"]
    return keys


def test_a_key_opens_the_account_of_who_made_it(caller: Caller) -> None:
    job_id = caller.remove().json()["jobId"]

    answer = call_with(made_key(caller)["key"], caller)

    assert [job["jobId"] for job in answer.json()["jobs"]] == [job_id]


def test_a_key_is_shown_once_and_listed_by_its_beginning(caller: Caller) -> None:
    made = made_key(caller)
    key = made.pop("key")

    answer = caller.get("api-keys")

    assert answer.json()["apiKeys"] == [made]
    assert key.startswith(made["prefix"])
    assert key not in answer.text


def test_keys_are_listed_newest_first(caller: Caller) -> None:
    made = [made_key(caller)["keyId"] for _ in range(3)]

    assert [key["keyId"] for key in listed(caller)] == made[::-1]


def test_the_last_use_of_a_key_shows(caller: Caller) -> None:
    made = made_key(caller)
    assert made["lastUsedAt"] is None

    call_with(made["key"], caller)

    (key,) = listed(caller)
    assert datetime.now(UTC) - datetime.fromisoformat(key["lastUsedAt"]) < timedelta(minutes=1)


def test_a_revoked_key_is_refused_with_the_very_next_request(caller: Caller) -> None:
    made = made_key(caller)
    assert call_with(made["key"], caller).status_code == 200

    assert caller.delete(f"api-keys/{made['keyId']}").status_code == 204

    refused = call_with(made["key"], caller)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert listed(caller) == []


def test_a_key_that_the_operator_revokes_is_refused_with_the_very_next_request(
    stack: LocalStack, caller: Caller
) -> None:
    key = stack.operate("create-api-key", "--user", caller.user.user_id)
    assert call_with(key, caller).status_code == 200

    stack.operate("revoke-api-key", "--key", key)

    assert call_with(key, caller).status_code == 401
    assert listed(caller) == []


def test_a_key_of_somebody_else_cannot_be_revoked(caller: Caller, stranger: Caller) -> None:
    made = made_key(caller)

    answer = stranger.delete(f"api-keys/{made['keyId']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")
    assert listed(stranger) == []
    assert call_with(made["key"], caller).status_code == 200


def test_a_key_makes_and_revokes_keys_as_a_token_does(caller: Caller) -> None:
    caller.http.headers["Authorization"] = f"Bearer {made_key(caller)['key']}"

    made = made_key(caller)

    assert caller.delete(f"api-keys/{made['keyId']}").status_code == 204


def test_one_key_more_than_there_may_be_is_refused(caller: Caller) -> None:
    for _ in range(MOST_KEYS):
        made_key(caller)

    answer = create_key(caller)

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_api_keys")
    assert len(listed(caller)) == MOST_KEYS


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", None, 1])
def test_a_name_that_cannot_be_shown_is_refused(caller: Caller, name: Any) -> None:
    answer = create_key(caller, name)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert [error["field"] for error in answer.json()["errors"]] == ["name"]
    assert listed(caller) == []
