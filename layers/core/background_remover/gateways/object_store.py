"""Files in the bucket. The keys of what we make follow from the job or batch, so writing one twice changes nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import ClientError

from background_remover.domain.file_names import attachment
from background_remover.domain.jobs import LARGEST_UPLOAD, UNKNOWN_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from background_remover.domain.batches import Batch
    from background_remover.domain.jobs import Job, Options

LINK_LIFETIME = timedelta(minutes=15)
STORE_LIFETIME = timedelta(minutes=1)

INPUTS = "inputs"
DROPBOX = "dropbox"

_PART = 8 * 1024 * 1024
_PARTS_AT_ONCE = 4


def input_key(job: Job) -> str:
    return f"{INPUTS}/{job.user_id}/{job.job_id}"


def backdrop_key(job: Job) -> str:
    """Of the image that is put behind the cut-out. No prefix of uploads: its arrival starts nothing."""
    return f"backdrops/{job.user_id}/{job.job_id}"


def result_key(job: Job) -> str:
    return f"results/{job.user_id}/{job.job_id}.{job.options.format}"


def matte_key(job: Job) -> str:
    return f"mattes/{job.user_id}/{job.job_id}.png"


def thumbnail_key(job: Job) -> str:
    return f"thumbnails/{job.user_id}/{job.job_id}.webp"


def renders_prefix(job: Job) -> str:
    """Of all renderings of the job, and no other's."""
    return f"renders/{job.user_id}/{job.job_id}/"


def background_key(user_id: str, url: str) -> str:
    """Of an image that is no job's, fetched from that URL."""
    return f"{INPUTS}/{user_id}/background-{hashlib.sha256(url.encode()).hexdigest()[:32]}"


def render_key(job: Job, refinement: str, options: Options) -> str:
    """`refinement` names the tier whose refinement is used. Of the same rendering always the same key."""
    digest = hashlib.sha256(repr((refinement, options)).encode()).hexdigest()[:32]
    return f"{renders_prefix(job)}{digest}.{options.format}"


def archive_key(batch: Batch) -> str:
    return f"zips/{batch.user_id}/{batch.batch_id}.zip"


class ObjectChangedError(Exception):
    """The object is not (any more) the version that was asked for."""


class _CopyCondition(TypedDict, total=False):
    CopySourceIfMatch: str


class _Stream(io.RawIOBase):
    """Chunks as a file; `position` counts the bytes that were read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self.position += size
        return size


class ObjectStore:
    def __init__(self, client: S3Client, *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(
        self, key: str, content: bytes, content_type: str, *, metadata: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`metadata` is kept beside the object, for `head` to read."""
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, Metadata=dict(metadata)
        )

    def head(self, key: str) -> tuple[int, dict[str, str]] | None:
        """The object's bytes and metadata; None where there is no such object (any more)."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        return answer["ContentLength"], answer["Metadata"]

    def get(self, key: str) -> bytes | None:
        """None where there is no such object (any more)."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def piece(self, key: str, *, start: int, size: int) -> bytes | None:
        """At most `size` bytes of the object, from `start` on; None where there is no such object (any more)."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + size - 1}")[
                "Body"
            ].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def put_stream(self, key: str, chunks: Iterator[bytes], content_type: str) -> int:
        """Stores the chunks as one object, in parts, a few of which are in memory at a time. Returns its bytes.

        Where a chunk cannot be had, its error is raised, and what was there before is still there.
        """
        from s3transfer.manager import TransferConfig, TransferManager  # Only one function's cold start pays for it.

        config = TransferConfig(
            multipart_threshold=_PART,
            multipart_chunksize=_PART,
            max_request_concurrency=_PARTS_AT_ONCE,
            max_in_memory_upload_chunks=_PARTS_AT_ONCE,
        )
        stream = _Stream(chunks)
        with TransferManager(self._client, config) as manager:
            manager.upload(
                io.BufferedReader(stream), self._bucket, key, extra_args={"ContentType": content_type}
            ).result()
        return stream.position

    def copy(self, source_key: str, key: str, *, etag: str | None = None) -> None:
        """Raises `ObjectChangedError` where the source is gone, or not of this etag (any more)."""
        condition: _CopyCondition = {"CopySourceIfMatch": etag} if etag else {}
        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": source_key},
                # Tags of the source would need permissions of their own, and mean nothing here.
                TaggingDirective="REPLACE",
                **condition,
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (404, 412):
                raise
            raise ObjectChangedError(source_key) from error

    def sizes(self, prefix: str) -> dict[str, int]:
        """The keys that begin with the prefix, at most 1,000, and the bytes of each."""
        listing = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        return {entry["Key"]: entry["Size"] for entry in listing.get("Contents", [])}

    def delete(self, keys: list[str]) -> None:
        """Deletes up to 1,000 objects; those that are not there count as deleted."""
        answer = self._client.delete_objects(
            Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
        )
        if errors := answer.get("Errors"):
            raise RuntimeError(f"S3 did not delete: {errors}")

    def delete_version(self, key: str, *, etag: str) -> None:
        """Deletes the object unless it was overwritten: then it is not of this etag any more, and stays."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key, IfMatch=etag)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (404, 412):
                raise

    def link(self, key: str, *, file_name: str) -> str:
        """A presigned GET, good for `LINK_LIFETIME`. A browser saves what it gets, as `file_name`, and shows it in an
        `<img>` only."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": attachment(file_name)},
            ExpiresIn=int(LINK_LIFETIME.total_seconds()),
        )

    def put_link(self, key: str) -> str:
        """A presigned PUT for a file of any type, good for `STORE_LIFETIME`. The bucket tells nobody of its arrival."""
        return self._client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self._bucket, "Key": key, "ContentType": UNKNOWN_TYPE},
            ExpiresIn=int(STORE_LIFETIME.total_seconds()),
        )

    def upload_form(self, job: Job, now: datetime) -> dict[str, Any]:
        """A presigned POST for the job's photo: `url`, and the `fields` that go before the file.

        Key, type and size range are part of the signature. An upload may begin until `job.upload_until()`.
        """
        fields = {"Content-Type": job.source.content_type}
        return self._client.generate_presigned_post(
            self._bucket,
            input_key(job),
            Fields=fields,
            Conditions=[fields, ["content-length-range", 1, LARGEST_UPLOAD]],
            ExpiresIn=max(1, int((job.upload_until() - now).total_seconds())),
        )
