"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PART = ".cutout-part"

_UMASK = os.umask(0o077)
os.umask(_UMASK)  # It can only be read by being set.


def write_atomically(file: Path, content: bytes | Iterable[bytes], *, mode: int = 0o666) -> None:
    """Into a file beside it, which then takes its name. `mode` is lessened by the umask, as always."""
    descriptor, name = tempfile.mkstemp(suffix=PART, prefix=".", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as written:
            for chunk in [content] if isinstance(content, bytes) else content:
                written.write(chunk)
        part.chmod(mode & ~_UMASK)
        part.replace(file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def remove_parts(folder: Path) -> None:
    """Those that a killed run left."""
    for part in folder.glob(f".*{PART}"):
        with suppress(OSError):
            part.unlink()
