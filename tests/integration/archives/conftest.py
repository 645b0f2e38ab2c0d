"""A user's finished batches on moto: real stores, and results as the worker would have left them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from background_remover.domain.batches import Batch
from background_remover.domain.jobs import (
    Job,
    OutputFormat,
)
from background_remover.gateways.object_store import ObjectStore, archive_key
from background_remover.gateways.work_queue import message_for_batch
from background_remover.observability import metrics
from background_remover.use_cases.assemble_archive import AssembleArchive
from tests.deployed_tables import create_tables
from tests.integration.archives.finished_batch import NOON, complete, fail, new_batch
from tests.moto_client import client
from tests.stores import stores

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

LATER = NOON + timedelta(minutes=3)
BUCKET = "images"
REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Photo:
    """`result` is what the worker made of it; None where it failed, b"" where it is still on it."""

    name: str | None
    result: bytes | None


class Archives:
    """Empty tables and an empty bucket, inside moto's `mock_aws`."""

    def __init__(self) -> None:
        self.dynamodb: DynamoDBClient = client("dynamodb", REGION)
        self.s3: S3Client = client("s3", REGION)
        create_tables(self.dynamodb)
        self.s3.create_bucket(Bucket=BUCKET)
        wired = stores(self.dynamodb, signup_credits=1000)
        self.jobs, self.batches = wired.jobs, wired.batches
        self.objects = ObjectStore(self.s3, bucket=BUCKET)

    def batch(self, photos: Sequence[Photo], output: OutputFormat = "png") -> Batch:
        batch, jobs = new_batch([photo.name for photo in photos], output)
        self.batches.submit(batch, jobs, None, NOON)
        for job, photo in zip(jobs, photos, strict=True):
            if photo.result is None:
                fail(self.jobs, job)
            elif photo.result:
                complete(self.jobs, self.objects, job, photo.result)
        return self.batches.get(batch.user_id, batch.batch_id)

    def items(self, batch: Batch) -> list[Job]:
        return self.batches.all_items(batch)

    def assemble(self, batch: Batch, *, at: datetime = LATER) -> Batch:
        """As in a new container; returns the batch as it is then."""
        AssembleArchive(batches=self.batches, objects=self.objects, clock=lambda: at)(message_for_batch(batch))
        return self.batches.get(batch.user_id, batch.batch_id)

    def archive(self, batch: Batch) -> bytes | None:
        return self.objects.get(archive_key(batch))

    def contents(self, batch: Batch) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.archive(batch) or b"")) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def manifest(self, batch: Batch) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(self.contents(batch)["manifest.json"])
        return manifest


@pytest.fixture
def archives() -> Iterator[Archives]:
    with mock_aws():
        yield Archives()
    metrics.clear_metrics()
