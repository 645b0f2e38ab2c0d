"""Whatever the other side sends: it is a matte, or a refusal of this image, or an operator's fault, or an outage."""

import base64
import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)
from background_remover.domain.jobs import Submission
from background_remover.gateways.hugging_face import verdict
from imaging.matte import encode_matte
from tests.integration.hugging_face.asking import ENDPOINT, FAL, expected_matte, matte, routes
from tests.integration.hugging_face.conftest import ClientFor
from tests.integration.hugging_face.scripted_server import Scripted, ScriptedServer

MATTE = encode_matte(expected_matte())
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["detail", "error", "estimated_time", "mask", "status"]), inner)
    ),
    max_leaves=8,
)
images = st.binary() | st.just(MATTE) | st.integers(0, len(MATTE)).map(lambda length: MATTE[:length])
encoded = images.map(lambda image: base64.b64encode(image).decode()) | st.text()
urls = encoded.map("data:image/png;base64,{}".format) | st.text()
masks = st.builds(lambda mask: [{"label": "x", "score": 1.0, "mask": mask}], anything | encoded)
names = st.text() | st.sampled_from(["mask", "images"])
shapes = st.recursive(
    encoded | urls,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=8,
)
queues = st.one_of(
    st.builds(lambda url: {"response_url": url}, anything | urls | st.just("https://queue.fal.run/a/requests/1")),
    st.builds(
        lambda status, error: {"status": status, "error": error},
        anything | st.sampled_from(["IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED"]),
        anything,
    ),
    st.builds(lambda url: {"image": {"url": url}}, anything | urls),
)
refusals = st.one_of(
    st.builds(lambda kind: {"detail": "No", "error_type": kind}, anything | st.just("runner_disconnected")),
    st.builds(
        lambda kind: {"detail": [{"msg": "No", "type": kind}]},
        anything | st.sampled_from(["image_load_error", "downstream_service_error"]),
    ),
)
estimates = st.builds(
    lambda seconds: {"error": "loading", "estimated_time": seconds},
    st.booleans() | st.floats() | st.integers() | st.sampled_from([10**400, -(10**400), math.nan, math.inf, -math.inf]),
)
nested = st.sampled_from([b"[" * depth + b"]" * depth for depth in (500, 900, 20_000, 200_000)])
bodies = (
    images
    | (anything | masks | shapes | encoded | queues | refusals | estimates).map(
        lambda content: json.dumps(content).encode(errors="surrogatepass")
    )
    | nested
    | nested.map(lambda deep: b'{"error": ' + deep + b"}")
    | nested.map(lambda deep: b'{"estimated_time": ' + deep + b"}")
)
content_types = st.sampled_from(["", "application/json", "text/html", "image/png", "application/octet-stream"])
statuses = st.just(200) | st.sampled_from([202, 302, 400, 401, 404, 413, 422, 429, 500, 503, 504, 520])
answers = st.builds(
    lambda status, content_type, body: Scripted(status, body, {"Content-Type": content_type}),
    statuses,
    content_types,
    bodies,
)
dates = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Mon", ""]),
    st.integers(0, 99),
    st.sampled_from(["Jan", "Dec", "Foo"]),
    st.integers(0, 10**6),
    *[st.integers(0, 99)] * 3,
    st.sampled_from(["GMT", "-0000", "+9999", "+99999999999999", "Z", ""]),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Retry-After": st.text() | st.integers().map(str) | dates | st.just("9" * 400) | st.just("٣"),
        "RateLimit": st.text() | st.integers(0).map('"api";r=0;t={}'.format) | st.just(f"t={'9' * 400}"),
    },
)
BEFORE = [
    Scripted(body=json.dumps({"response_url": "https://queue.fal.run/a/requests/1"}).encode()),
    Scripted(body=json.dumps({"status": "COMPLETED"}).encode()),
]
against_a_server = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""The fixture makes a client without a past for each answer."""


@against_a_server
@given(answer=answers)
@example(answer=Scripted(200, b'{"estimated_time": 1%s}' % (b"0" * 400)))
@example(answer=Scripted(200, b'{"estimated_time": NaN}'))
@example(answer=Scripted(200, b'{"error": %s}' % (b"[" * 200_000)))
@example(answer=Scripted(200, b"", {"Content-Type": "image/png"}))
@example(answer=Scripted(200, MATTE, {"Content-Type": "image/png"}))
def test_any_answer_of_an_endpoint_is_one_of_the_four(client_for: ClientFor, answer: Scripted) -> None:
    with ScriptedServer(answer).running() as server:
        outcome = outcome_of(lambda: matte(client_for(routes(server.url)), ENDPOINT, seconds=1.0))
    assert_one_of_the_four(outcome, answer)


@against_a_server
@given(answer=answers, steps=st.integers(0, len(BEFORE)))
@example(answer=Scripted(200, b"<html>"), steps=0)
@example(answer=Scripted(200, b"<html>"), steps=1)
@example(answer=Scripted(200, b"<html>"), steps=2)
@example(answer=Scripted(400, b'{"error": "No"}'), steps=1)
def test_any_answer_at_any_step_of_the_queue_is_one_of_the_four(
    client_for: ClientFor, answer: Scripted, steps: int
) -> None:
    told: list[Submission] = []
    with ScriptedServer(*BEFORE[:steps], answer).running() as router:
        outcome = outcome_of(lambda: matte(client_for(routes(router.url)), FAL, seconds=1.0, on_submission=told.append))
        submits = sum("/requests/" not in path for path, _ in router.received)
    assert_one_of_the_four(outcome, answer)
    assert submits <= 2  # With a token that was read anew.
    if steps:
        assert told[0].status_url
        assert steps == 2 or not isinstance(outcome, InferenceRefusedError)


@settings(deadline=None)
@given(st.sampled_from([400, 401, 404, 408, 429, 500, 502, 503, 504]) | st.integers(100, 999), headers, bodies)
@example(503, {}, b'{"estimated_time": 1%s}' % (b"0" * 400))
@example(503, {}, b'{"estimated_time": NaN}')
@example(503, {}, b'{"estimated_time": true}')
@example(503, {}, b'{"error": %s}' % (b"[" * 200_000))
@example(429, {"Retry-After": "Mon, 1 Jan 2024 00:00:00 +99999999999999"}, b"")
def test_any_answer_has_a_verdict_and_a_wait_within_bounds(status: int, headers: dict[str, str], body: bytes) -> None:
    outcome = outcome_of(lambda: verdict.raise_for(status, headers, body))
    assert (outcome is None) == (200 <= status < 300)
    assert isinstance(outcome, InferenceUnavailableError | InferenceRefusedError | None)
    assert not isinstance(outcome, InferenceRefusedError) or status in (400, 413, 415, 422)
    assert has_bounded_wait(outcome)
    assert len(str(outcome)) < 300


def assert_one_of_the_four(outcome: object, answer: Scripted) -> None:
    """And only a 2xx brings a matte or a broken one, and only a 4xx refuses this image."""
    is_delivered = 200 <= answer.status < 300
    match outcome:
        case np.ndarray():
            assert is_delivered
            assert np.array_equal(outcome, expected_matte())
        case InvalidMatteError():
            assert is_delivered
        case InferenceRefusedError():
            assert answer.status in (400, 413, 422)
        case InferenceMisconfiguredError():
            assert answer.status in (302, 400, 401, 404)
        case InferenceUnavailableError():
            assert has_bounded_wait(outcome)
            assert len(outcome.detail) < 300
        case _:
            pytest.fail(f"{outcome!r} is none of them")


def outcome_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except InferenceError as error:
        return error


def has_bounded_wait(outcome: object) -> bool:
    return not isinstance(outcome, InferenceUnavailableError) or 0 <= outcome.retry_after <= verdict.LONGEST_WAIT
