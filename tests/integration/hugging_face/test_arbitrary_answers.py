"""Whatever the other side sends, it ends in one of our errors."""

import json
import math
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from background_remover.domain.errors import InferenceError, InferenceUnavailableError, InvalidMatteError
from background_remover.gateways.hugging_face import endpoint, verdict
from background_remover.gateways.hugging_face.transport import Answer

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from(["error", "estimated_time", "mask", "status"]), inner)
    ),
    max_leaves=8,
)
masks = st.builds(lambda mask: [{"label": "x", "score": 1.0, "mask": mask}], anything | st.text())
estimates = st.builds(
    lambda seconds: {"error": "loading", "estimated_time": seconds},
    st.booleans() | st.floats() | st.integers() | st.sampled_from([10**400, -(10**400), math.nan, math.inf, -math.inf]),
)
nested = st.sampled_from([b"[" * depth + b"]" * depth for depth in (500, 900, 20_000, 200_000)])
bodies = (
    st.binary()
    | (anything | masks | estimates).map(lambda content: json.dumps(content).encode(errors="surrogatepass"))
    | nested
    | nested.map(lambda deep: b'{"error": ' + deep + b"}")
    | nested.map(lambda deep: b'{"estimated_time": ' + deep + b"}")
)
content_types = st.sampled_from(["", "application/json", "text/html", "image/png"]) | st.text()
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


@settings(deadline=None)
@given(content_types, bodies)
@example("application/json", b'{"estimated_time": 1%s}' % (b"0" * 400))
@example("application/json", b'{"estimated_time": NaN}')
@example("application/json", b'{"error": %s}' % (b"[" * 200_000))
def test_any_200_of_an_endpoint_is_an_image_or_one_of_our_errors(content_type: str, body: bytes) -> None:
    outcome = outcome_of(lambda: endpoint._image(Answer(content_type, body)))
    assert isinstance(outcome, bytes | InvalidMatteError | InferenceUnavailableError)
    assert has_bounded_wait(outcome)


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
    assert has_bounded_wait(outcome)
    assert len(str(outcome)) < 300


def outcome_of(call: Callable[[], object]) -> object:
    try:
        return call()
    except InferenceError as error:
        return error


def has_bounded_wait(outcome: object) -> bool:
    return not isinstance(outcome, InferenceUnavailableError) or 0 <= outcome.retry_after <= verdict.LONGEST_WAIT
