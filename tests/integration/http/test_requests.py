import pytest

from background_remover.domain.errors import InvalidParameterError, MalformedJsonError
from background_remover.http.requests import idempotency_key, json_object


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'["image"]',
        b'{"size": NaN}',
        b'{"uploadId": "\\ud800"}',
        pytest.param(b"[" * 200_000, id="deeply nested"),
        pytest.param(b'{"size": ' + b"9" * 5000 + b"}", id="a number without end"),
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        json_object(body)


def test_a_character_outside_of_the_basic_plane_is_taken_in_two_halves() -> None:
    assert json_object(b'{"fileName": "\\ud83d\\ude00"}') == {"fileName": "\N{GRINNING FACE}"}


@pytest.mark.parametrize("key", ["k" * 256, "clé", "one\ntwo", "\N{GRINNING FACE}" * 255])
def test_a_key_that_is_too_long_or_not_of_printable_ascii_is_refused(key: str) -> None:
    with pytest.raises(InvalidParameterError):
        idempotency_key({"idempotency-key": key})


@pytest.mark.parametrize(("key", "taken"), [("k" * 255, "k" * 255), ("order 17/a", "order 17/a"), ("", None)])
def test_any_other_key_is_taken_as_it_is(key: str, taken: str | None) -> None:
    assert idempotency_key({"idempotency-key": key}) == taken
