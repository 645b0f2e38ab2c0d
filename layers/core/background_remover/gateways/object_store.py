"""A job's files in the bucket. Their keys follow from the job, so writing one twice changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from background_remover.domain.jobs import Job

LINK_LIFETIME = timedelta(minutes=15)


def input_key(job: Job) -> str:
    return f"inputs/{job.user_id}/{job.job_id}"


def result_key(job: Job) -> str:
    return f"results/{job.user_id}/{job.job_id}.{job.options.format}"


def matte_key(job: Job) -> str:
    return f"mattes/{job.user_id}/{job.job_id}.png"


def thumbnail_key(job: Job) -> str:
    return f"thumbnails/{job.user_id}/{job.job_id}.webp"


class ObjectStore:
    def __init__(self, client: S3Client, *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def get(self, key: str) -> bytes | None:
        """None where there is no such object (any more)."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None

    def delete(self, keys: list[str]) -> None:
        """Deletes up to 1,000 objects; those that are not there count as deleted."""
        answer = self._client.delete_objects(
            Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
        )
        if errors := answer.get("Errors"):
            raise RuntimeError(f"S3 did not delete: {errors}")

    def link(self, key: str) -> str:
        """A presigned GET, good for `LINK_LIFETIME`."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key},
            ExpiresIn=int(LINK_LIFETIME.total_seconds()),
        )
