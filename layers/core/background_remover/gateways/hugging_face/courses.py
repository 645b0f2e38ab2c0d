"""What is done after each answer of Hugging Face: one table, which docs/operations.md shows as well.

How often and how long, the constants say that the table's words mean: those of `gate.py`, `transport.py`, `verdict.py`,
`domain/breaker.py`, `domain/jobs.py` and `use_cases/cut_out.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from background_remover.domain.inference_errors import (
    InferenceError,
    InferenceMisconfiguredError,
    InferenceRefusedError,
    InferenceUnavailableError,
    InvalidMatteError,
)


class OutcomeUnknownError(InferenceUnavailableError):
    """Nobody can tell whether the request was taken: its answer got lost, failed behind a gateway, or says nothing."""


class UnreadableAnswerError(OutcomeUnknownError):
    """A 2xx without what was asked for: a model that fails, a page in front of it, or a handler that we cannot read."""


class RequestGivenUpError(OutcomeUnknownError):
    """fal says that the request itself has failed, for no fault of the image: its result will never be another."""


class StillWaitingError(InferenceUnavailableError):
    """The request has its place in fal's queue, and no more time is left to wait for it."""


class NotAskedError(InferenceUnavailableError):
    """Nothing was sent: there is no time for it, or it is too early."""


class TokenRefusedError(InferenceMisconfiguredError):
    """A 401 or 403: perhaps only our copy of the token is old."""


class UnauthorizedError(TokenRefusedError):
    """A 401."""


class NothingThereError(InferenceMisconfiguredError):
    """A 404 or 410: the address is wrong, or what it stood for is gone."""


class Repeat(StrEnum):
    """Within the call, while its deadline, the breaker and the repeats that are left allow it."""

    YES = "repeated"
    UNLESS_BILLED = "repeated, but no submit to fal"
    IF_REPLACED = "repeated once if the secret has another token"
    ONCE = "asked for once more"
    NO = "no"


class Evidence(StrEnum):
    """For the breaker."""

    ANSWER = "works"
    FAILURE = "fails"
    OPENS = "opens it at once"
    NOTHING = "nothing"


class Outcome(StrEnum):
    """Of the job, where the call does not succeed in the end."""

    WAITS = "waits, as long as was announced or by its back-off"
    SUBMITS_AGAIN = "waits; what was submitted to fal is submitted again after its pause"
    POLLS_AGAIN = "waits, and is polled again"
    WAITS_FOR_OPERATOR = "waits for a minute, or by its back-off"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Course:
    repeat: Repeat
    outcome: Outcome
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Row:
    """`statuses`: those that mean this, where the body says nothing else; the default row has none."""

    answer: str
    error: type[InferenceError]
    course: Course
    statuses: frozenset[int] = frozenset()


_FAILED = Course(Repeat.YES, Outcome.WAITS, Evidence.FAILURE)
_UNKNOWN = Course(Repeat.UNLESS_BILLED, Outcome.SUBMITS_AGAIN, Evidence.FAILURE)
_OPERATORS = Course(Repeat.NO, Outcome.WAITS_FOR_OPERATOR, Evidence.OPENS)

TABLE = (
    Row(
        "turned away: busy, cold, rate limited; or not reached",
        InferenceUnavailableError,
        _FAILED,
        frozenset({408, 409, 425, 429, 503}),
    ),
    Row("any other status, no whole answer, or none in time", OutcomeUnknownError, _UNKNOWN),
    Row("2xx that says nothing: a page, an empty body, other JSON", UnreadableAnswerError, _UNKNOWN),
    Row(
        "fal gave the request up, or lost it",
        RequestGivenUpError,
        Course(Repeat.NO, Outcome.SUBMITS_AGAIN, Evidence.FAILURE),
    ),
    Row(
        "it still waits in fal's queue",
        StillWaitingError,
        Course(Repeat.NO, Outcome.POLLS_AGAIN, Evidence.ANSWER),
    ),
    Row(
        "nothing was sent: no time, or too early",
        NotAskedError,
        Course(Repeat.NO, Outcome.WAITS, Evidence.NOTHING),
    ),
    Row(
        "the token is not let in",
        UnauthorizedError,
        Course(Repeat.IF_REPLACED, Outcome.WAITS_FOR_OPERATOR, Evidence.OPENS),
        frozenset({401}),
    ),
    Row(
        "the token may not do that",
        TokenRefusedError,
        Course(Repeat.IF_REPLACED, Outcome.WAITS_FOR_OPERATOR, Evidence.OPENS),
        frozenset({403}),
    ),
    Row("nothing is there", NothingThereError, _OPERATORS, frozenset({404, 410})),
    Row(
        "no credit, a redirect, “not supported”",
        InferenceMisconfiguredError,
        _OPERATORS,
        frozenset({402, 405, 406, 407, *range(300, 400)}),
    ),
    Row(
        "this image is refused; 400 and 422 only by the model's own words",
        InferenceRefusedError,
        Course(Repeat.NO, Outcome.FAILS, Evidence.ANSWER),
        frozenset({413, 415}),
    ),
    Row(
        "an image that is no matte of this photo",
        InvalidMatteError,
        Course(Repeat.ONCE, Outcome.FAILS, Evidence.ANSWER),
    ),
)

COURSES: Mapping[type[InferenceError], Course] = {row.error: row.course for row in TABLE}
ERRORS: Mapping[int, type[InferenceError]] = {status: row.error for row in TABLE for status in row.statuses}
