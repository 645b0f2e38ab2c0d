import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

import pytest

from background_remover.gateways.zip_stream import Member, MemberChangedError, zip_stream
from tests.unit.archive.zip_readers import assert_readable, front_to_back

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ZEROS = bytes(64 * 1024 * 1024)


def member(name: str, content: bytes) -> Member:
    return Member(name, len(content), zlib.crc32(content), [content])


def archive(*members: Member) -> bytes:
    return b"".join(zip_stream(members, NOON))


class Sparse(io.RawIOBase):
    """A file of more zeros than memory holds: `ZEROS` are counted and not kept."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._position = self._size = 0
        self._kept: dict[int, bytes] = {}
        for chunk in chunks:
            if chunk is not ZEROS:
                self._kept[self._size] = chunk
            self._size += len(chunk)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        start = self._position
        size = min(len(buffer), self._size - start)
        buffer[:size] = ZEROS[:size]
        for offset, chunk in self._kept.items():
            first, last = max(offset, start), min(offset + len(chunk), start + size)
            if first < last:
                buffer[first - start : last - start] = chunk[first - offset : last - offset]
        self._position += size
        return size


def test_every_reader_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "archive.zip"
    file.write_bytes(archive(member("cat.png", b"meow"), member("kočka 🐈.png", "mňau".encode()), member("a/b", b"")))

    assert assert_readable(file) == ["cat.png", "kočka 🐈.png", "a/b"]


def test_what_went_in_comes_out() -> None:
    content = archive(member("cat.png", b"meow"), member("dog.png", b"woof"))

    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {"cat.png": b"meow", "dog.png": b"woof"}


def test_unpacked_files_can_be_read_by_everybody_and_are_as_old_as_the_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(archive(member("cat.png", b"meow")))) as opened:
        (cat,) = opened.infolist()

    assert cat.external_attr >> 16 == 0o100644
    assert cat.date_time == (2026, 5, 4, 12, 0, 0)


def test_no_member_makes_an_empty_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as opened:
        assert opened.namelist() == []


def test_a_small_archive_can_be_read_by_those_who_do_not_know_zip64() -> None:
    with zipfile.ZipFile(io.BytesIO(content := archive(member("cat.png", b"meow")))) as opened:
        (cat,) = opened.infolist()

    assert cat.extract_version == 20
    assert cat.extra == b""
    assert b"PK\6\6" not in content


@pytest.mark.parametrize(
    "changed",
    [
        Member("cat.png", 4, zlib.crc32(b"meow"), [b"purr"]),
        Member("cat.png", 4, zlib.crc32(b"meow"), [b"me"]),
        Member("cat.png", 4, zlib.crc32(b"meow"), [b"meow", b"s"]),
    ],
)
def test_bytes_that_are_not_those_announced_end_it_before_the_directory(changed: Member) -> None:
    written: list[bytes] = []

    with pytest.raises(MemberChangedError, match=r"cat\.png"):
        written.extend(zip_stream([changed, member("dog.png", b"woof")], NOON))

    assert b"dog.png" not in b"".join(written)
    assert b"PK\1\2" not in b"".join(written)


def test_a_member_is_asked_for_when_the_one_before_has_been_read() -> None:
    asked = []

    def members() -> Iterator[Member]:
        for name in ("cat.png", "dog.png"):
            asked.append(name)
            yield member(name, b"content")

    stream = zip_stream(members(), NOON)
    next(stream)
    next(stream)

    assert asked == ["cat.png"]


@pytest.mark.large
def test_what_is_larger_than_4_gb_or_lies_behind_them_is_read() -> None:
    count = 65
    size = count * len(ZEROS)
    crc32 = 0
    for _ in range(count):
        crc32 = zlib.crc32(ZEROS, crc32)
    large = Member("large.png", size, crc32, [ZEROS] * count)

    file = Sparse(zip_stream([large, member("last.txt", b"here")], NOON))

    with zipfile.ZipFile(cast("IO[bytes]", file)) as opened:
        assert opened.getinfo("large.png").file_size == size > 4 << 30
        assert opened.getinfo("last.txt").header_offset > 4 << 30
        assert opened.read("last.txt") == b"here"
    file.seek(0)
    assert list(front_to_back(cast("IO[bytes]", file))) == [("large.png", size), ("last.txt", 4)]


@pytest.mark.large
def test_more_members_than_16_bits_can_count(tmp_path: Path) -> None:
    file = tmp_path / "many.zip"
    file.write_bytes(archive(*(member(f"{number}.png", b"") for number in range(65_537))))

    assert len(assert_readable(file)) == 65_537
