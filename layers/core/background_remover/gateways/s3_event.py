"""S3's event notifications: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """What S3 tells of a new object. `sequencer` and `written_at` are of the write, the same in every repeat."""

    key: str
    size: int
    etag: str
    sequencer: str
    written_at: datetime


def received_files(event: Mapping[str, Any]) -> Iterator[ReceivedFile]:
    """S3's test event, which has no records, is none."""
    for record in event.get("Records", []):
        found = record["s3"]["object"]
        yield ReceivedFile(
            key=unquote_plus(found["key"]),
            size=found.get("size", 0),
            etag=found["eTag"],
            sequencer=found["sequencer"],
            written_at=datetime.fromisoformat(record["eventTime"]),
        )
