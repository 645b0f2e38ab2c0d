"""The token bucket, as one number."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from background_remover.domain.limits import RequestPolicy

POLICIES = st.builds(RequestPolicy, per_minute=st.integers(1, 6000), burst=st.integers(1, 1000))
PAUSES = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 60)), max_size=200)


def admitted(policy: RequestPolicy, requests: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Instant and tokens of each request that is let through, by the pauses before them."""
    now, full_at, through = 0, 0, []
    for pause, tokens in requests:
        now += pause
        if policy.wait(full_at, tokens, now) == 0:
            full_at = max(full_at, now) + policy.cost(tokens)
            through.append((now, min(tokens, policy.burst)))
    return through


def test_a_quiet_user_may_make_a_burst_of_requests_and_then_one_at_a_time() -> None:
    policy = RequestPolicy(per_minute=60, burst=3)

    through = admitted(policy, [(0, 1)] * 5 + [(1000, 1), (0, 1), (1000, 1)])

    assert [now for now, _ in through] == [0, 0, 0, 1000, 2000]


@given(POLICIES, PAUSES)
@example(RequestPolicy(per_minute=7, burst=3), [(0, 1)] * 10)
def test_in_any_span_no_more_goes_through_than_a_full_bucket_and_what_came_back(
    policy: RequestPolicy, requests: list[tuple[int, int]]
) -> None:
    through = admitted(policy, requests)
    for first in range(len(through)):
        tokens = 0
        for now, taken in through[first:]:
            tokens += taken
            span = now - through[first][0]
            # A token's millisecond may be rounded away for each request.
            assert tokens * 60_000 <= policy.burst * 60_000 + (span + len(through)) * policy.per_minute


@given(POLICIES, st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 10**6))
def test_who_waits_as_long_as_is_said_gets_through_and_not_a_moment_before(
    policy: RequestPolicy, full_at: int, tokens: int, now: int
) -> None:
    wait = policy.wait(full_at, tokens, now)

    assert policy.wait(full_at, tokens, now + wait) == 0
    assert wait == 0 or policy.wait(full_at, tokens, now + wait - 1) > 0


def test_more_tokens_than_a_full_bucket_has_are_all_of_them_so_that_nothing_is_refused_for_ever() -> None:
    policy = RequestPolicy(per_minute=60, burst=3)

    assert policy.wait(0, 50, now=0) == 0
    assert policy.cost(50) == policy.window == 3000


@pytest.mark.parametrize(("full_at", "left"), [(0, 3), (1000, 3), (1001, 2), (2000, 2), (4000, 0)])
def test_what_is_left_are_whole_tokens(full_at: int, left: int) -> None:
    assert RequestPolicy(per_minute=60, burst=3).left(full_at, now=1000) == left
