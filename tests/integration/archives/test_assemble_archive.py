from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from background_remover.domain.batches import Archive
from background_remover.domain.jobs import Failure
from background_remover.gateways.object_store import archive_key, result_key
from background_remover.gateways.work_queue import BatchMessage
from background_remover.gateways.zip_stream import MemberChangedError
from background_remover.observability import metrics
from background_remover.use_cases.assemble_archive import AssembleArchive
from tests.integration.archives.conftest import BUCKET, LATER, Archives, Photo
from tests.unit.archive.zip_readers import assert_readable

if TYPE_CHECKING:
    from botocore.model import OperationModel

PAIR = (Photo("cat.jpg", b"a cat"), Photo("dog.png", b"a dog"))


def random_bytes(megabytes: int) -> bytes:
    return random.Random(megabytes).randbytes(megabytes * 1024 * 1024)


def test_every_result_is_there_under_its_photos_name(archives: Archives) -> None:
    batch = archives.assemble(archives.batch(PAIR))

    contents = archives.contents(batch)
    assert list(contents) == ["cat.png", "dog.png", "manifest.json"]
    assert (contents["cat.png"], contents["dog.png"]) == (b"a cat", b"a dog")


def test_the_batch_says_how_large_its_archive_is_and_since_when_it_is_there(archives: Archives) -> None:
    batch = archives.assemble(archives.batch(PAIR))

    assert batch.archive == Archive(size=len(archives.archive(batch) or b""), ready_at=LATER)
    assert metrics.metric_set["ArchivesAssembled"]["Value"] == [1.0]


def test_it_is_served_as_a_zip(archives: Archives) -> None:
    batch = archives.assemble(archives.batch(PAIR))

    assert archives.s3.head_object(Bucket=BUCKET, Key=archive_key(batch))["ContentType"] == "application/zip"


def test_every_reader_reads_it(archives: Archives, tmp_path: Path) -> None:
    batch = archives.assemble(archives.batch([Photo("kočka 🐈.jpg", random_bytes(9)), *PAIR]))
    file = tmp_path / "archive.zip"
    file.write_bytes(archives.archive(batch) or b"")

    assert assert_readable(file) == ["kočka 🐈.png", "cat.png", "dog.png", "manifest.json"]


def test_names_are_made_unique_and_harmless(archives: Archives) -> None:
    names = ["cat.jpg", "CAT.png", "../../etc/passwd", "C:\\photos\\cat.webp", "aux.jpg", "manifest.json", None]
    batch = archives.assemble(archives.batch([Photo(name, b"content") for name in names]))

    *delivered, manifest = archives.contents(batch)
    assert delivered == [
        "cat.png",
        "CAT (2).png",
        "passwd.png",
        "cat (3).png",
        "_aux.png",
        "manifest.png",
        "b1-006.png",
    ]
    assert manifest == "manifest.json"


def test_a_jpeg_is_called_jpg(archives: Archives) -> None:
    batch = archives.assemble(archives.batch(PAIR, "jpeg"))

    assert list(archives.contents(batch)) == ["cat.jpg", "dog.jpg", "manifest.json"]


def test_the_manifest_says_what_became_of_each_photo(archives: Archives) -> None:
    batch = archives.assemble(archives.batch([Photo("cat.jpg", b"a cat"), Photo("dög.png", None)]))

    assert archives.manifest(batch) == {
        "batchId": "b1",
        "tier": "basic",
        "createdAt": "2026-05-04T12:00:00+00:00",
        "files": [
            {
                "fileName": "cat.jpg",
                "name": "cat.png",
                "jobId": "b1-000",
                "status": "completed",
                "tier": "basic",
                "credits": 3,
                "deliveredTier": "basic",
            },
            {
                "fileName": "dög.png",
                "jobId": "b1-001",
                "status": "failed",
                "tier": "basic",
                "credits": 0,
                "error": {"code": "corrupt_image", "detail": "The image breaks off."},
            },
        ],
    }


def test_a_partial_batch_has_what_was_delivered(archives: Archives) -> None:
    batch = archives.assemble(archives.batch([Photo("broken.jpg", None), *PAIR]))

    assert list(archives.contents(batch)) == ["cat.png", "dog.png", "manifest.json"]


def test_a_result_of_many_pieces_is_whole(archives: Archives) -> None:
    photos = [Photo("large.jpg", large := random_bytes(41)), Photo("small.jpg", b"small")]
    batch = archives.assemble(archives.batch(photos))

    contents = archives.contents(batch)
    assert contents["large.png"] == large
    assert contents["small.png"] == b"small"


# ---- what is missing or wrong --------------------------------------------------------------------


def test_a_result_that_is_gone_is_reported_and_the_others_are_delivered(archives: Archives) -> None:
    batch = archives.batch([Photo("gone.jpg", random_bytes(9)), *PAIR])
    archives.objects.delete([result_key(archives.items(batch)[0])])

    batch = archives.assemble(batch)

    assert list(archives.contents(batch)) == ["cat.png", "dog.png", "manifest.json"]
    gone = archives.manifest(batch)["files"][0]
    assert (gone["status"], gone["credits"], gone["error"]["code"]) == ("completed", 3, "result_deleted")
    assert "name" not in gone


def test_a_job_that_was_erased_is_not_mentioned(archives: Archives) -> None:
    batch = archives.batch(PAIR)
    archives.jobs.forget(archives.items(batch)[0])

    batch = archives.assemble(batch)

    assert [file["fileName"] for file in archives.manifest(batch)["files"]] == ["dog.png"]


@pytest.mark.parametrize("content", [b"a rat", b"a ca", b"a cat!"])
def test_a_result_of_other_bytes_than_recorded_is_not_delivered(archives: Archives, content: bytes) -> None:
    batch = archives.batch(PAIR)
    archives.objects.put(result_key(archives.items(batch)[0]), content, "image/png")

    with pytest.raises(MemberChangedError):
        archives.assemble(batch)

    assert archives.archive(batch) is None
    assert archives.batches.get("anna", "b1").archive is None


def test_a_wrong_result_at_the_end_of_a_large_archive_leaves_no_archive_and_no_parts(archives: Archives) -> None:
    batch = archives.batch([Photo("large.jpg", random_bytes(20)), *PAIR])
    archives.objects.put(result_key(archives.items(batch)[-1]), b"a rat", "image/png")

    with pytest.raises(MemberChangedError):
        archives.assemble(batch)

    assert archives.archive(batch) is None
    assert "Uploads" not in archives.s3.list_multipart_uploads(Bucket=BUCKET)


# ---- nothing to do -------------------------------------------------------------------------------


def test_a_batch_with_open_jobs_has_no_archive_yet(archives: Archives) -> None:
    batch = archives.assemble(archives.batch([*PAIR, Photo("late.jpg", b"")]))

    assert not batch.has_ended
    assert archives.archive(batch) is None


def test_a_batch_without_results_has_no_archive(archives: Archives) -> None:
    batch = archives.assemble(archives.batch([Photo("broken.jpg", None)]))

    assert archives.archive(batch) is None


def test_a_batch_whose_archive_was_given_up_is_left_alone(archives: Archives) -> None:
    batch = archives.batch(PAIR)
    archives.batches.fail_archive(batch, Failure("archive_failed", "It did not work three times."))

    archives.assemble(batch)

    assert archives.archive(batch) is None


def test_a_batch_that_is_gone_is_no_error(archives: Archives) -> None:
    assemble = AssembleArchive(batches=archives.batches, objects=archives.objects, clock=lambda: LATER)

    assemble(BatchMessage("anna", "retired"))

    assert archives.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_second_message_changes_nothing(archives: Archives) -> None:
    batch = archives.assemble(archives.batch(PAIR))
    archives.objects.delete([archive_key(batch)])

    assert archives.assemble(batch, at=LATER + timedelta(hours=1)) == batch

    assert archives.archive(batch) is None


# ---- dying half-way ------------------------------------------------------------------------------


class DeadError(Exception):
    """No call of this process gets out any more, not even those that clean up."""


@contextmanager
def dying(archives: Archives, operation: str, occurrence: int) -> Iterator[None]:
    """From this call on the process is as good as killed.

    Not by a `BaseException`: boto3's transfers wait for ever for a thread of theirs that ends with one.
    """
    seen = 0

    def call(model: OperationModel, **_: object) -> None:
        nonlocal seen
        seen += model.name == operation
        if seen >= occurrence:
            raise DeadError

    events = [client.meta.events for client in (archives.dynamodb, archives.s3)]
    for each in events:
        each.register("before-call", call)
    try:
        yield
    finally:
        for each in events:
            each.unregister("before-call", call)


MOMENTS = [
    ("Query", 1),
    ("GetObject", 1),
    ("GetObject", 4),
    ("CreateMultipartUpload", 1),
    ("UploadPart", 1),
    ("UploadPart", 3),
    ("CompleteMultipartUpload", 1),
]


@pytest.mark.parametrize(("operation", "occurrence"), MOMENTS)
def test_who_dies_half_way_leaves_no_archive_and_a_repeat_makes_it(
    archives: Archives, operation: str, occurrence: int
) -> None:
    batch = archives.batch([Photo("large.jpg", large := random_bytes(20)), *PAIR])

    with dying(archives, operation, occurrence), pytest.raises(DeadError):
        archives.assemble(batch)
    assert archives.archive(batch) is None
    assert archives.batches.get("anna", "b1").archive is None

    batch = archives.assemble(batch)
    contents = archives.contents(batch)
    assert (contents["large.png"], contents["cat.png"], contents["dog.png"]) == (large, b"a cat", b"a dog")
    assert batch.archive == Archive(size=len(archives.archive(batch) or b""), ready_at=LATER)


def test_who_dies_before_it_is_recorded_is_repeated_to_the_same_bytes(archives: Archives) -> None:
    batch = archives.batch(PAIR)
    with dying(archives, "UpdateItem", 1), pytest.raises(DeadError):
        archives.assemble(batch)
    first = archives.archive(batch)

    batch = archives.assemble(batch, at=LATER + timedelta(hours=1))

    assert first
    assert archives.archive(batch) == first
    assert batch.archive == Archive(size=len(first), ready_at=LATER + timedelta(hours=1))
