"""The table of what is done after each answer of Hugging Face: complete, and the same in code and docs."""

import re
from collections.abc import Iterator

import pytest

from background_remover.domain import breaker, jobs
from background_remover.domain.inference_errors import InferenceError, InferenceUnavailableError, TierUnavailableError
from background_remover.gateways import secret
from background_remover.gateways.hugging_face import courses, gate, transport, verdict
from background_remover.gateways.hugging_face.courses import COURSES, TABLE, Row
from background_remover.use_cases import cut_out
from tests.project import PROJECT

OPERATIONS = (PROJECT / "docs/operations.md").read_text()
SECTION = OPERATIONS.partition("## What is done after each answer")[2].partition("\n## ")[0]


def errors_below(error: type[InferenceError]) -> Iterator[type[InferenceError]]:
    for each in error.__subclasses__():
        yield each
        yield from errors_below(each)


def shown(row: Row) -> str:
    plain = sorted(status for status in row.statuses if not 300 <= status < 400)
    statuses = ", ".join([*map(str, plain), *(["3xx"] if 301 in row.statuses else [])]) or "–"
    return f"| {row.answer} | {statuses} | {row.course.repeat} | {row.course.outcome} | {row.course.evidence} |"


def test_every_error_of_an_inference_has_its_row() -> None:
    assert set(COURSES) == set(errors_below(InferenceError)) - {TierUnavailableError}
    assert len(COURSES) == len(TABLE)


def test_the_docs_show_the_table() -> None:
    rows = [line for line in SECTION.splitlines() if line.startswith("| ") and line.count("|") == 6]
    assert rows[1:] == [shown(row) for row in TABLE]


@pytest.mark.parametrize("status", range(100, 600))
def test_a_status_becomes_what_the_table_says(status: int) -> None:
    if 200 <= status < 300:
        verdict.raise_for(status, {}, b"")
        return
    expected = next((row.error for row in TABLE if status in row.statuses), courses.OutcomeUnknownError)
    with pytest.raises(InferenceError) as caught:
        verdict.raise_for(status, {}, b"")
    assert type(caught.value) is expected


def test_what_waits_for_an_operator_is_what_opens_the_breaker_at_once() -> None:
    for course in COURSES.values():
        waits = course.outcome is courses.Outcome.WAITS_FOR_OPERATOR
        assert waits is (course.evidence is courses.Evidence.OPENS)


def test_only_what_may_pass_by_itself_is_repeated_and_is_an_outage() -> None:
    for error, course in COURSES.items():
        if course.repeat in (courses.Repeat.YES, courses.Repeat.UNLESS_BILLED):
            assert issubclass(error, InferenceUnavailableError)
            assert course.evidence is courses.Evidence.FAILURE


NUMBERS = {
    "Repeats within calls": f"{gate.FIRST_REPEATS} per container and model at first, then one for each "
    f"{gate.ANSWERS_FOR_A_REPEAT} answers; {gate.MOST_REPEATS} are saved at most",
    "Wait before a repeat": f"as announced; else a random part of {transport.FIRST_BACK_OFF:.0f} s, 2 s, 4 s, "
    f"{transport.LONGEST_BACK_OFF:.0f} s",
    "A cold model that does not say how long": f"{verdict.COLD_START_SECONDS:.0f} s",
    "Longest announced wait that is believed": f"{verdict.LONGEST_WAIT / 60:.0f} minutes",
    "Back-off of a job": f"at random {cut_out.SHORTEST_BACK_OFF:.0f} s to twice as much with each attempt, "
    f"{cut_out.LONGEST_BACK_OFF / 60:.0f} minutes at most; "
    f"{cut_out.LONGEST_BACK_OFF_FROM_A_SUBMISSION / 60:.0f} with a submission that waits at fal",
    "Pause before the next submission to fal": f"{jobs.FIRST_PAUSE:.0f} s, each three times the one before",
    "Patience of a job": f"{jobs.PATIENCE.total_seconds() / 3600:.0f} hours",
    "The breaker opens": f"when of {breaker.FEWEST} answers or more within {breaker.WINDOW} s of a failure "
    f"{breaker.SHARE:.0%} fail",
    "Its pauses": f"{', '.join(map(str, breaker.PAUSES))} s, the last from then on; longer where that was announced, "
    f"{verdict.MISCONFIGURED_WAIT:.0f} s after an operator's fault",
    "The one that asks then": f"has at least {gate.SHORTEST_PROBE:.0f} s for it, and is the only one as long as its "
    "call may last",
    "A container believes what it read of the breaker": f"{gate.FRESH_SECONDS:.0f} s",
    "A token that is refused is read anew": f"once in {secret.RENEWAL_PAUSE:.0f} s at most",
}


def test_the_docs_show_the_numbers() -> None:
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", SECTION, re.MULTILINE))
    assert {name: text for name, text in rows.items() if name not in ("what", "---")} == NUMBERS
