import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.jobs import (
    PATIENCE,
    Job,
    JobStatus,
    Options,
    Source,
    Submission,
    announced_type,
    job_id,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
JOB = Job(
    user_id="anna",
    job_id="a job",
    tier="basic",
    price=3,
    status=JobStatus.QUEUED,
    source=Source(content_type="image/jpeg", width=32, height=24, size=900),
    options=Options(),
    created_at=NOON,
    updated_at=NOON,
    retire_at=NOON + timedelta(days=30),
    due_at=NOON + timedelta(minutes=15),
)

moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis wants naive bounds
entropy = st.binary(min_size=10, max_size=10)


@given(moments, entropy, st.integers(min_value=1, max_value=10**12), entropy)
def test_an_id_made_a_millisecond_or_more_later_sorts_later(
    earlier: datetime, first: bytes, milliseconds: int, second: bytes
) -> None:
    later = earlier + timedelta(milliseconds=milliseconds)

    assert job_id(earlier, first) < job_id(later, second)


@given(moments, st.lists(entropy, min_size=2, max_size=2, unique=True))
def test_ids_of_the_same_moment_differ_by_their_entropy(now: datetime, two: list[bytes]) -> None:
    assert job_id(now, two[0]) != job_id(now, two[1])


def test_an_id_is_plain_enough_for_a_path_and_a_file_name() -> None:
    assert re.fullmatch("[0-9a-f]{32}", job_id(NOON, bytes(range(10))))


@pytest.mark.parametrize(
    ("status", "ended"),
    [("queued", False), ("processing", False), ("completed", True), ("failed", True), ("cancelled", True)],
)
def test_a_job_has_ended_when_nothing_can_happen_to_it_any_more(status: str, ended: bool) -> None:
    assert replace(JOB, status=JobStatus(status)).has_ended is ended


@pytest.mark.parametrize(
    ("waited", "out_of_patience"),
    [
        (timedelta(0), False),
        (timedelta(hours=6) - timedelta(microseconds=1), False),
        (timedelta(hours=6), True),
        (timedelta(days=1), True),
    ],
)
def test_patience_lasts_six_hours_from_the_creation(waited: timedelta, out_of_patience: bool) -> None:
    retried = replace(JOB, updated_at=NOON + waited, attempts=30)

    assert retried.is_out_of_patience(NOON + waited) is out_of_patience


@pytest.mark.parametrize(
    ("announced", "stored"),
    [
        ("image/jpeg", "image/jpeg"),
        ("image/heif", "image/heif"),
        ("image/avif", "image/avif"),
        ("IMAGE/PNG; q=1", "image/png"),
        ("image/jpg", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("image/x-png", "image/png"),
        (None, "application/octet-stream"),
        ("", "application/octet-stream"),
        ("application/octet-stream", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/html", "application/octet-stream"),
    ],
)
def test_a_file_is_stored_as_a_photo_or_as_something_unknown(announced: str | None, stored: str) -> None:
    assert announced_type(announced) == stored


def test_each_submission_waits_three_times_as_long_as_the_one_before() -> None:
    assert [Submission(number=number, sent_at=100).next_at for number in (1, 2, 3)] == [110, 130, 190]


def test_there_is_time_for_eight_submissions_before_patience_is_over() -> None:
    submission, sent = Submission(sent_at=0), 1
    while submission.next_at < PATIENCE.total_seconds():
        sent += 1
        submission = Submission(number=sent, sent_at=int(submission.next_at))

    assert sent == 8
