"""The function that goes out, with its own code from the event to the bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from background_remover.observability import metrics
from tests.integration.fetching.bucket import Bucket
from tests.integration.fetching.function import fetch_image
from tests.integration.fetching.web import HOST, Web, ok, redirect

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1"]),
    pytest.mark.filterwarnings("ignore:No application metrics"),  # As observability.py has it.
]

URL = f"https://{HOST}/cat.jpg"


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket().serving() as bucket:
        yield bucket
    metrics.clear_metrics()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(ok(b"a cat", "Content-Type: text/html")).serving() as web:
        yield web


def test_a_file_is_stored_where_the_caller_signed_for_whatever_its_server_calls_it(web: Web, bucket: Bucket) -> None:
    assert fetch_image(web, URL, bucket.link) == {"size": 5}
    assert bucket.stored == {"/inputs/anna/1?X-Amz-Signature=3f9c": ("application/octet-stream", b"a cat")}


def test_what_is_refused_is_answered_and_nothing_is_stored(web: Web, bucket: Bucket) -> None:
    web.answers = [redirect("https://169.254.169.254/latest/meta-data/")]

    answer = fetch_image(web, URL, bucket.link)

    assert (answer["code"], answer["members"], bucket.stored) == ("image_url_refused", {}, {})


def test_of_a_file_that_is_too_large_the_limit_is_told(web: Web, bucket: Bucket) -> None:
    web.answers = [ok(bytes(10_000_001))]

    answer = fetch_image(web, URL, bucket.link)

    assert (answer["code"], answer["members"], bucket.stored) == ("image_too_large", {"limit": 10_000_000}, {})


@pytest.mark.parametrize("status", [307, 403, 500])
def test_a_bucket_that_does_not_take_the_file_fails_the_invocation(web: Web, bucket: Bucket, status: int) -> None:
    """So that the alarm counts it, and whoever works on the job tries again."""
    bucket.status = status

    with pytest.raises(RuntimeError, match=str(status)):
        fetch_image(web, URL, bucket.link)


def test_no_log_has_the_url_or_the_link(web: Web, bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    fetch_image(web, f"{URL}?key=secret", bucket.link)
    web.answers = [b"no HTTP"]
    fetch_image(web, f"{URL}?key=secret", bucket.link)

    written = str([vars(record) for record in caplog.records])
    assert "'code': 'image_not_fetched'" in written
    assert not [word for word in ("secret", HOST, "3f9c") if word in written]
