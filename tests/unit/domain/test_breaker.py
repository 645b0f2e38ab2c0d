"""When a breaker opens, who may ask whether Hugging Face works again, and when it closes."""

from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.breaker import FEWEST, PAUSES, WINDOW, Breaker

NOW = 1_000_000.0


def failing(breaker: Breaker, times: int, *, answered: int = 0, now: float = NOW, wait: float = 0.0) -> Breaker:
    """After so many failures, each with so many answers before it."""
    for _ in range(times):
        breaker = breaker.failed(now, answered=answered, wait=wait)
    return breaker


OPEN = failing(Breaker(), FEWEST)


def test_few_failures_tell_nothing() -> None:
    assert not failing(Breaker(), FEWEST - 1).is_open
    assert OPEN.is_open
    assert OPEN.cause == "failing"


def test_where_half_of_the_answers_fail_it_opens_and_where_fewer_do_it_does_not() -> None:
    assert failing(Breaker(), 50, answered=1).is_open
    assert not failing(Breaker(), 50, answered=2).is_open


def test_failures_of_another_window_do_not_count() -> None:
    earlier = failing(Breaker(), FEWEST - 1)
    assert not earlier.failed(NOW + WINDOW, answered=0, wait=0).is_open
    assert earlier.failed(NOW + WINDOW - 1, answered=0, wait=0).is_open


def test_what_was_answered_before_the_first_failure_does_not_count() -> None:
    """Else an outage would open it the later, the busier the time before was."""
    assert failing(Breaker().failed(NOW, answered=1000, wait=0), FEWEST - 1).is_open


def test_one_refusal_of_our_configuration_opens_it() -> None:
    refused = Breaker().refused(NOW, wait=60)
    assert refused.cause == "misconfigured"
    assert not refused.lets_through(NOW + 59)
    assert refused.lets_through(NOW + 60)


def test_what_fails_while_it_is_open_changes_nothing() -> None:
    assert failing(OPEN, 5) == OPEN


def test_each_who_asks_in_vain_makes_the_pause_longer() -> None:
    breaker, now, pauses = OPEN, NOW, [OPEN.until - NOW]
    for _ in range(5):
        now = breaker.until
        breaker = breaker.probed_by("me", now, seconds=20).probe_failed("me", now + 3, wait=0)
        pauses.append(breaker.until - now - 3)
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]


def test_an_announced_wait_is_waited() -> None:
    assert failing(Breaker(), FEWEST, wait=300).until == NOW + 300
    assert OPEN.probed_by("me", NOW, seconds=20).probe_failed("me", NOW, wait=300).until == NOW + 300


def test_nobody_asks_while_another_does_and_somebody_may_when_its_time_is_over() -> None:
    probing = OPEN.probed_by("a", OPEN.until, seconds=20)
    assert not probing.lets_through(OPEN.until + 19)
    assert probing.lets_through(OPEN.until + 20)


def test_the_answer_to_the_prober_closes_it() -> None:
    assert OPEN.probed_by("a", OPEN.until, seconds=20).probe_answered("a") == Breaker()


def test_a_prober_whose_time_is_over_changes_nothing() -> None:
    probing = OPEN.probed_by("a", OPEN.until, seconds=20).probed_by("b", OPEN.until + 20, seconds=20)
    assert probing.probe_answered("a") == probing.probe_failed("a", NOW, wait=0) == probing


actions = st.sampled_from(["failed", "refused", "probed", "probe failed", "probe answered"])


@given(st.lists(st.tuples(actions, st.floats(0, 400), st.floats(0, 900)), max_size=60))
def test_whatever_happens_somebody_may_ask_within_a_quarter_of_an_hour(
    happening: list[tuple[str, float, float]],
) -> None:
    breaker, now = Breaker(), NOW
    for action, passing, wait in happening:
        now += passing
        match action:
            case "failed":
                breaker = failing(breaker, FEWEST, now=now, wait=wait)
            case "refused":
                breaker = breaker.refused(now, wait=wait)
            case "probed" if breaker.is_open and breaker.lets_through(now):
                breaker = breaker.probed_by("me", now, seconds=91)
            case "probe failed":
                breaker = breaker.probe_failed("me", now, wait=wait)
            case "probe answered":
                breaker = breaker.probe_answered("me")
        assert breaker.lets_through(now + 901)
        assert breaker.is_open or breaker.prober is None
