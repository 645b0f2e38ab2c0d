import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.gateways.hugging_face.excerpts import excerpt, told

PHOTO = base64.b64encode(bytes(range(256)) * 40).decode()


@pytest.mark.parametrize(
    ("answer", "secret"),
    [
        ({"detail": [{"type": "value_error", "input": f"data:image/jpeg;base64,{PHOTO}"}]}, PHOTO[:40]),
        ({"picture": PHOTO}, PHOTO[:40]),
        ({"reason": "Invalid token hf_abcDEF0123456789"}, "hf_abc"),
        ({"file": "https://v3.fal.media/files/a.png?token=abc&Expires=17"}, "abc&Expires"),
        ({"key": "0123456789abcdef0123456789abcdef"}, "0123456789abcdef"),
    ],
)
def test_what_an_answer_quotes_is_not_told(answer: object, secret: str) -> None:
    assert secret not in excerpt(json.dumps(answer).encode())
    assert secret not in told(json.dumps(answer))


@pytest.mark.parametrize(
    "words",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "Model briaai/RMBG-2.0 is not supported by provider hf-inference, see https://huggingface.co/docs/hub/rate-limits",
    ],
)
def test_words_are_told_as_they_are(words: str) -> None:
    assert told(words) == words
    assert excerpt(words.encode()) == words


@given(st.binary(max_size=3000))
def test_an_excerpt_is_short(body: bytes) -> None:
    assert len(excerpt(body)) <= 200
