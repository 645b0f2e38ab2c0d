"""What does not pass by itself: the image's fault, and the operator's."""

import numpy as np
import pytest

from background_remover.domain.inference_errors import InferenceMisconfiguredError, InferenceRefusedError
from background_remover.domain.tiers import Model
from background_remover.gateways.hugging_face.client import HuggingFace
from tests.integration.hugging_face.asking import ENDPOINT, FAL, FakeClock, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer
from tests.stack.hugging_face import Fault, FaultKind, HuggingFaceStandIn

OPERATORS_FAULTS: list[FaultKind] = [
    "payment_required",
    "forbidden",
    "not_found",
    "gone",
    "not_supported",
]
both_models = pytest.mark.parametrize("model", [ENDPOINT, FAL])


@both_models
@pytest.mark.parametrize("kind", ["bad_request", "too_large", "unsupported", "unprocessable"])
def test_an_image_is_refused_for_good(
    client: HuggingFace, hub: HuggingFaceStandIn, kind: FaultKind, model: Model
) -> None:
    hub.play(Fault(kind))
    with pytest.raises(InferenceRefusedError):
        matte(client, model)
    assert len(hub.requests) == 1


@both_models
@pytest.mark.parametrize("kind", OPERATORS_FAULTS)
def test_an_operators_fault_is_reported_as_such(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, kind: FaultKind, model: Model
) -> None:
    hub.play(Fault(kind))
    with pytest.raises(InferenceMisconfiguredError) as caught:
        matte(client, model)
    assert caught.value.retry_after == 60.0
    assert clock.naps == []
    assert len(hub.requests) == 1


@both_models
def test_after_an_operators_fault_nothing_is_sent_for_a_minute(
    client: HuggingFace, hub: HuggingFaceStandIn, clock: FakeClock, model: Model
) -> None:
    hub.play(Fault("forbidden"))
    with pytest.raises(InferenceMisconfiguredError):
        matte(client, model)
    clock.now += 59.0
    with pytest.raises(InferenceMisconfiguredError) as caught:
        matte(client, model)
    assert 1.0 <= caught.value.retry_after <= 11.0, "not all at once"
    assert len(hub.requests) == 1
    clock.now += 1.0
    assert np.array_equal(matte(client, model), expected_matte())


def test_the_other_model_is_not_affected(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("forbidden", on="infer"))
    with pytest.raises(InferenceMisconfiguredError):
        matte(client, ENDPOINT)
    assert np.array_equal(matte(client, FAL), expected_matte())


def test_a_refused_image_shuts_nothing(client: HuggingFace, hub: HuggingFaceStandIn) -> None:
    hub.play(Fault("bad_request"))
    with pytest.raises(InferenceRefusedError):
        matte(client)
    assert np.array_equal(matte(client), expected_matte())


@both_models
@pytest.mark.parametrize("location", ["/elsewhere", "http://[broken", "https://evil.example/"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_operators_fault_and_not_followed(
    client_for: ClientFor, status: int, location: str, model: Model
) -> None:
    moved = Scripted(status, headers={"Location": location})
    with ScriptedServer(moved).running() as server, pytest.raises(InferenceMisconfiguredError):
        matte(client_for(routes(server.url)), model)
    assert len(server.received) == 1


def test_an_address_that_is_none_is_an_operators_fault(client_for: ClientFor) -> None:
    with pytest.raises(InferenceMisconfiguredError):
        matte(client_for(routes("router.huggingface.co")))


def test_a_header_that_cannot_be_sent_is_an_operators_fault(client_for: ClientFor, hub: HuggingFaceStandIn) -> None:
    with pytest.raises(InferenceMisconfiguredError):
        matte(client_for(routes(hub.url, **{"X-HF-Bill-To": "us\nthem"})))
    assert hub.requests == []
