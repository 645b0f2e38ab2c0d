"""The dialect of a dedicated Inference Endpoint."""

import numpy as np
import pytest

from background_remover.domain.inference_errors import InvalidMatteError, TierUnavailableError
from background_remover.gateways.hugging_face.client import HuggingFace
from tests.integration.hugging_face.asking import ENDPOINT, TOKEN, expected_matte, matte, photo, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.stack.hugging_face import Fault, FaultKind, HuggingFaceStandIn


def test_a_list_of_segments_is_read(client: HuggingFace) -> None:
    assert np.array_equal(matte(client), expected_matte())


@pytest.mark.parametrize("kind", ["bare_string", "cut_out"])
def test_other_shapes_of_the_answer_are_read(client: HuggingFace, hub: HuggingFaceStandIn, kind: FaultKind) -> None:
    hub.play(Fault(kind))
    assert np.array_equal(matte(client), expected_matte())


def test_a_mask_as_png_is_read(client_for: ClientFor, hub: HuggingFaceStandIn) -> None:
    client = client_for(routes(hub.url, Accept="image/png"))
    assert np.array_equal(matte(client), expected_matte())
    assert hub.requests[0].headers["accept"] == "image/png"


@pytest.mark.parametrize(
    ("image_format", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_the_photo_is_sent_under_its_own_type(
    client: HuggingFace, hub: HuggingFaceStandIn, image_format: str, content_type: str
) -> None:
    sent = photo(image_format, content_type)
    matte(client, sent=sent)
    (request,) = hub.requests
    assert hub.last_photo == sent.content
    assert request.headers["content-type"] == content_type
    assert request.headers["content-length"] == str(len(sent.content))
    assert request.headers["accept"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


def test_the_routes_headers_are_sent_and_replace_ours(client_for: ClientFor, hub: HuggingFaceStandIn) -> None:
    client = client_for(routes(hub.url, **{"X-Scale-Up-Timeout": "600", "accept": "image/png"}))
    matte(client)
    (request,) = hub.requests
    assert request.headers["x-scale-up-timeout"] == "600"
    assert request.headers["accept"] == "image/png"


BROKEN: list[FaultKind] = ["truncated_matte", "wrong_size", "wrong_mode", "not_base64"]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_matte_is_asked_for_once_more(client: HuggingFace, hub: HuggingFaceStandIn, kind: FaultKind) -> None:
    hub.play(Fault(kind))
    assert np.array_equal(matte(client), expected_matte())
    assert len(hub.requests) == 2


@pytest.mark.parametrize("kind", BROKEN)
def test_a_second_broken_matte_is_the_end(client: HuggingFace, hub: HuggingFaceStandIn, kind: FaultKind) -> None:
    hub.play(Fault(kind, times=3))
    with pytest.raises(InvalidMatteError):
        matte(client)
    assert len(hub.requests) == 2


def test_a_model_without_an_address_is_named(client_for: ClientFor) -> None:
    with pytest.raises(TierUnavailableError, match=ENDPOINT):
        matte(client_for({}))
