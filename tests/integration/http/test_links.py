"""Presigned links, made without a call to AWS."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from background_remover import clients, deployment

SETTINGS = {
    "JOBS_TABLE": "jobs",
    "CREDITS_TABLE": "credits",
    "SUBSCRIPTIONS_TABLE": "subscriptions",
    "API_KEYS_TABLE": "keys",
    "LIMITS_TABLE": "limits",
    "BUCKET": "the-bucket",
    "QUEUE_URL": "https://queue.example",
    "ARCHIVE_QUEUE_URL": "https://archives.example",
    "WEBHOOK_QUEUE_URL": "https://webhooks.example",
    "SERVED_MODELS": "briaai/RMBG-1.4",
    "REQUESTS_PER_MINUTE": "60",
    "REQUEST_BURST": "60",
    "REMOVALS_AT_ONCE": "1",
    "UNCHARGED_A_DAY": "1",
    "UNCHARGED_PER_HUNDRED": "0",
    "JOB_RETENTION_DAYS": "30",
    "INPUT_RETENTION_DAYS": "7",
    "ALLOWED_ORIGINS": "*",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


@pytest.fixture(autouse=True)
def fresh_gateways() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    for made_once in (clients.session, clients.s3, deployment.settings, deployment.objects):
        made_once.cache_clear()


@pytest.mark.parametrize("region", ["eu-central-1", "ap-southeast-3"])
def test_a_link_names_the_buckets_own_region(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """A link to another host would be redirected by S3, and its signature does not hold there."""
    for name, value in {**SETTINGS, "AWS_DEFAULT_REGION": region}.items():
        monkeypatch.setenv(name, value)
    link = urlsplit(deployment.objects().link("results/user/job.png", file_name="cat.png"))
    assert link.hostname == f"the-bucket.s3.{region}.amazonaws.com"
    assert "X-Amz-Signature" in link.query


def test_a_link_is_good_for_fifteen_minutes_and_makes_a_browser_save_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SETTINGS, "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)

    query = parse_qs(urlsplit(deployment.objects().link("results/user/job.png", file_name="Kätzchen.png")).query)

    assert query["X-Amz-Expires"] == ["900"]
    (disposition,) = query["response-content-disposition"]
    assert disposition == "attachment; filename=\"K_tzchen.png\"; filename*=UTF-8''K%C3%A4tzchen.png"
