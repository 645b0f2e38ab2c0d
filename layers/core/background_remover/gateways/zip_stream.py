"""A ZIP from front to back, for readers that go from front to back: sizes and checksums stand before the bytes.

The headers are the standard library's, with ZIP64 from 2 GB or 65,536 members on. Its `ZipFile.open` is not used: on an
output that cannot seek, it puts size and checksum behind the bytes, and where bytes are stored and not deflated
nobody can then tell where they end: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.9 and 4.4.4.
"""

from __future__ import annotations

import io
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zipfile import ZipFile, ZipInfo

_PERMISSIONS = stat.S_IFREG | 0o644


class MemberChangedError(Exception):
    """The bytes are not of the size and checksum that were announced."""


@dataclass(frozen=True, slots=True)
class Member:
    """`size` and `crc32` are those of all chunks together."""

    name: str
    size: int
    crc32: int
    chunks: Iterable[bytes]


def zip_stream(members: Iterable[Member], written_at: datetime) -> Iterator[bytes]:
    """The archive's bytes. Each member is asked for when the one before it has been read.

    Raises `MemberChangedError` before the archive is whole.
    """
    entries = []
    offset = 0
    for member in members:
        entry = _entry(member, written_at, offset)
        header = entry.FileHeader()
        yield header
        yield from _verified(member)
        entries.append(entry)
        offset += len(header) + member.size
    yield _directory(entries, offset)


def _entry(member: Member, written_at: datetime, offset: int) -> ZipInfo:
    entry = ZipInfo(member.name, written_at.timetuple()[:6])
    entry.file_size = entry.compress_size = member.size
    entry.CRC = member.crc32
    entry.header_offset = offset
    entry.external_attr = _PERMISSIONS << 16
    return entry


def _verified(member: Member) -> Iterator[bytes]:
    size = crc32 = 0
    for chunk in member.chunks:
        size += len(chunk)
        crc32 = zlib.crc32(chunk, crc32)
        yield chunk
    if (size, crc32) != (member.size, member.crc32):
        raise MemberChangedError(
            f"{member.name} has {size} bytes with CRC {crc32:08x}, not {member.size} with {member.crc32:08x}"
        )


class _Tail(io.BytesIO):
    """The end of a file whose first `offset` bytes are elsewhere."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self._offset = offset

    def tell(self) -> int:
        return self._offset + super().tell()

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation


def _directory(entries: list[ZipInfo], offset: int) -> bytes:
    tail = _Tail(offset)
    with ZipFile(tail, "w") as archive:
        archive.filelist += entries
    return tail.getvalue()
