"""The token: read once, read again when it is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from background_remover.domain.inference_errors import InferenceMisconfiguredError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from tests.integration.hugging_face.asking import ENDPOINT, FAL, TOKEN, FakeClock, expected_matte, matte
from tests.integration.hugging_face.conftest import StoredToken
from tests.stack.hugging_face import Fault, HuggingFaceStandIn


def test_the_token_is_read_once_for_many_calls(client: HuggingFace, token: StoredToken) -> None:
    for model in (ENDPOINT, FAL, ENDPOINT):
        matte(client, model)
    assert token.reads == 1


@pytest.mark.parametrize("model", [ENDPOINT, FAL])
def test_a_rotated_token_is_read_again(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken, model: Model
) -> None:
    matte(client)
    hub.rotate_token("hf_new")
    token.rotate("hf_new")
    assert np.array_equal(matte(client, model), expected_matte())
    assert token.reads == 2


def test_a_token_that_stays_refused_is_an_operators_fault(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken
) -> None:
    hub.rotate_token("hf_new")
    with pytest.raises(InferenceMisconfiguredError):
        matte(client)
    assert [request.authorized for request in hub.requests] == [False]
    assert token.reads == 2
    with pytest.raises(InferenceMisconfiguredError):
        matte(client)
    assert len(hub.requests) == 1


def test_a_token_put_right_works_after_the_minute(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken, clock: FakeClock
) -> None:
    hub.rotate_token("hf_new")
    with pytest.raises(InferenceMisconfiguredError):
        matte(client)
    token.rotate("hf_new")
    clock.now += 60.0
    assert np.array_equal(matte(client), expected_matte())
    assert [request.authorized for request in hub.requests] == [False, False, True]


def test_white_space_around_the_secret_is_not_sent(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken
) -> None:
    token.rotate(f" {TOKEN}\n")
    assert np.array_equal(matte(client), expected_matte())
    assert hub.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("value", ["hf_one\nhf_two", "hf_…"])
def test_a_token_that_cannot_be_sent_is_an_operators_fault_and_not_told(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken, value: str
) -> None:
    token.rotate(value)
    with pytest.raises(InferenceMisconfiguredError) as caught:
        matte(client)
    assert "hf_" not in caught.value.detail
    assert hub.requests == []


def test_a_secret_that_cannot_be_read_is_an_operators_fault(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken
) -> None:
    token.delete()
    with pytest.raises(InferenceMisconfiguredError, match="token cannot be read"):
        matte(client)
    assert hub.requests == []


def test_threads_share_one_reading(client: HuggingFace, token: StoredToken) -> None:
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: matte(client), range(16)):
            assert np.array_equal(found, expected_matte())
    assert token.reads == 1


def test_a_token_that_another_thread_has_replaced_is_taken_without_a_reading(token: StoredToken) -> None:
    assert token.secret.value() == TOKEN
    assert token.secret.other_than("hf_older") == TOKEN
    assert token.reads == 1


@pytest.mark.parametrize("model", [ENDPOINT, FAL])
def test_a_token_that_may_not_do_it_is_read_again_and_the_call_repeated_with_another(
    client: HuggingFace, hub: HuggingFaceStandIn, token: StoredToken, model: Model
) -> None:
    """As where an operator puts another token into the secret while functions are warm."""
    matte(client)
    hub.rotate_token("hf_new")
    token.rotate("hf_new")
    hub.play(Fault("forbidden"))
    hub.rotate_token(TOKEN)
    with pytest.raises(InferenceMisconfiguredError):
        matte(client, model)
    assert [request.headers["authorization"] for request in hub.requests[-2:]] == [f"Bearer {TOKEN}", "Bearer hf_new"]


def test_a_refused_token_is_read_anew_once_a_minute_at_most(token: StoredToken, clock: FakeClock) -> None:
    assert token.secret.value() == TOKEN
    for _ in range(3):
        assert token.secret.other_than(TOKEN) is None
        clock.now += 25.0
    assert token.reads == 2
    assert token.secret.other_than(TOKEN) is None
    assert token.reads == 3
