"""Handlers of others answer in other shapes: exactly one image in an answer is taken, wherever it is."""

import base64
import json

import numpy as np
import pytest

from background_remover.domain.inference_errors import InvalidMatteError
from background_remover.gateways.hugging_face.courses import UnreadableAnswerError
from imaging.matte import encode_matte
from tests.integration.hugging_face.asking import FakeClock, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer

MASK = base64.b64encode(encode_matte(expected_matte())).decode()
URI = f"data:image/png;base64,{MASK}"

TAKEN = {
    "a string": MASK,
    "a data URI": URI,
    "a segment": [{"label": "foreground", "score": 0.9, "mask": MASK}],
    "mask": {"mask": MASK},
    "image": {"image": URI},
    "output": {"output": MASK},
    "generated_image_base64": {"generated_image_base64": MASK},
    "a name that nobody knows": {"alpha_png": MASK},
    "a data URI under a name that nobody knows": {"résultat": URI},
    "an image beside text": {"mask": MASK, "output": "done", "label": "cat", "version": "1.4"},
    "an image beside the address of another": {"mask": MASK, "image": "https://example.com/1.png"},
    "an image beside what it is not": {"image": MASK, "mask": None, "size": [60, 40], "ok": True},
    "a list": [MASK],
    "images in an object": {"images": [MASK]},
    "an object in an object": {"output": {"mask": URI}},
    "four levels": {"output": {"images": [{"image": MASK}]}},
}
REFUSED = {
    "no images in an object with nothing in it": {},
    "no images in a list of 0": [],
    "no images in a number": 1.5,
    "no images in null": None,
    "no images in a boolean": True,
    "no images in a list of 3": ["a cat", "a dog", "a bird"],
    "no images in an object with 'label' (text), 'score' (a number)": {"label": "cat", "score": 0.9},
    "no images in an object with 'image' (an address)": {"image": "https://example.com/1.png"},
    "no images in an object with 'image' (an object)": {"image": {"url": "https://example.com/1.png"}},
    "2 images in an object with 'mask' (an image), 'image' (an image)": {"mask": MASK, "image": URI},
    "2 images in a list of an object with 'label' (text), 'mask' (an image) and 1 more": [
        {"label": "cat", "mask": MASK},
        {"label": "dog", "mask": MASK},
    ],
    "2 images in an object with 'images' (a list of 2)": {"images": [MASK, MASK]},
    "no images in an object with 'a' (a number), 'b' (a number), 'c' (a number), 'd' (a number), 2 more": dict.fromkeys(
        "abcdef", 1
    ),
    "no images in an object with 'output' (a list of 1)": {"output": [[[[MASK]]]]},
}


def answered(content: object) -> Scripted:
    return Scripted(body=json.dumps(content).encode(), headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("content", TAKEN.values(), ids=TAKEN)
def test_the_only_image_is_taken(client_for: ClientFor, content: object) -> None:
    with ScriptedServer(answered(content)).running() as server:
        assert np.array_equal(matte(client_for(routes(server.url))), expected_matte())


@pytest.mark.parametrize(("found", "content"), REFUSED.items(), ids=REFUSED)
def test_anything_else_is_refused_and_what_was_found_is_said(
    client_for: ClientFor, found: str, content: object
) -> None:
    with ScriptedServer(answered(content)).running() as server, pytest.raises(UnreadableAnswerError) as caught:
        matte(client_for(routes(server.url)), seconds=1.0)
    assert caught.value.detail == f"Hugging Face answered with {found} where exactly one image was expected."


def test_what_is_said_is_one_short_line_without_contents(client_for: ClientFor) -> None:
    content = {"\n\U0001f600\ud800" * 999: "secret", **{f"{number} {'x' * 99}": "secret" for number in range(99)}}
    with ScriptedServer(answered(content)).running() as server, pytest.raises(UnreadableAnswerError) as caught:
        matte(client_for(routes(server.url)), seconds=1.0)
    assert "secret" not in caught.value.detail
    assert caught.value.detail.isascii()
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) < 300


def test_what_a_model_says_of_its_failure_is_told(client_for: ClientFor) -> None:
    failed = answered({"error": "no more GPUs"})
    with ScriptedServer(failed).running() as server, pytest.raises(UnreadableAnswerError, match="no more GPUs"):
        matte(client_for(routes(server.url)), seconds=1.0)


def test_a_model_that_is_loading_is_waited_for(client_for: ClientFor, clock: FakeClock) -> None:
    with ScriptedServer(answered({"estimated_time": 7.0}), answered({"mask": MASK})).running() as server:
        assert np.array_equal(matte(client_for(routes(server.url))), expected_matte())
    assert clock.naps == [7.0]


@pytest.mark.parametrize("content", [{"mask": "no base64!"}, {"output": {"image": "aGVsbG8="}}, "no base64!"])
def test_what_is_called_an_image_and_is_none_is_a_broken_matte(client_for: ClientFor, content: object) -> None:
    with ScriptedServer(answered(content)).running() as server, pytest.raises(InvalidMatteError):
        matte(client_for(routes(server.url)))
