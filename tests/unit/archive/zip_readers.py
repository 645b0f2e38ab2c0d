"""Readers of ZIPs that know nothing of how ours are made."""

import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_CHUNK = 64 * 1024
_DATA_DESCRIPTOR = 1 << 3
_UTF_8 = 1 << 11


def assert_readable(file: Path) -> list[str]:
    """Every member is read and checked by each reader that there is. Returns the names of the members."""
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        sizes = [(member.filename, member.file_size) for member in archive.infolist()]
    with file.open("rb") as stream:
        assert list(front_to_back(stream)) == sizes
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tqq", file], check=True)
    return [name for name, _ in sizes]


def front_to_back(stream: IO[bytes]) -> Iterator[tuple[str, int]]:
    """Name and size of each member, as somebody finds them who unpacks while he downloads and never sees the directory.

    A member's bytes are read and compared with the checksum of its local header.
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 and 4.5.3
    """
    while (signature := stream.read(4)) == b"PK\3\4":
        fields = struct.unpack("<HHHHHIIIHH", stream.read(26))
        _, flags, method, _, _, crc32, packed, size, name_length, extra_length = fields
        name = stream.read(name_length).decode("utf-8" if flags & _UTF_8 else "cp437")
        extra = stream.read(extra_length)
        if size == 0xFFFFFFFF:
            field, length, size, packed = struct.unpack("<HHQQ", extra[:20])
            assert (field, length) == (1, 16)
        assert not flags & _DATA_DESCRIPTOR, "nobody knows yet how long the member is"
        assert (method, packed) == (0, size), "the member is stored"
        found = 0
        for start in range(0, size, _CHUNK):
            found = zlib.crc32(stream.read(min(_CHUNK, size - start)), found)
        assert found == crc32, name
        yield name, size
    assert signature == b"PK\1\2", "the directory follows the last member"
