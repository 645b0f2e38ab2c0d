"""Names of files that users get: their own, made harmless on every file system, and unique inside an archive."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

LONGEST_NAME = 200
"""Bytes of UTF-8; file systems take 255, and a number may have to be added."""

MANIFEST = "manifest.json"

EXTENSIONS = {"png": "png", "webp": "webp", "jpeg": "jpg"}
"""Of files in an output format, as people write them."""

# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def archive_names(originals: Iterable[str], extension: str) -> list[str]:
    """A name for each original, in order: its stem, with `extension` (no dot); `photo (2).png` for a second photo.

    Names that differ by case only count as equal, and folders are dropped, so that nothing lands outside of the
    folder that the archive is unpacked into.
    """
    taken = {MANIFEST}
    names = []
    for original in originals:
        stem = _harmless_stem(original)
        name, number = f"{stem}.{extension}", 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem} ({number}).{extension}"
        taken.add(name.casefold())
        names.append(name)
    return names


def saved_name(original: str, extension: str, *, kind: str = "") -> str:
    """The name of what was made of the photo `original`: its stem, the `kind` of what is not the result, and the
    extension (no dot)."""
    return f"{_harmless_stem(original)}{kind and f'-{kind}'}.{extension}"


def attachment(name: str) -> str:
    """A Content-Disposition by which a browser saves what it gets under a harmless name, and never shows it as a page.

    In plain ASCII, with the name itself beside it: https://www.rfc-editor.org/rfc/rfc6266#appendix-D
    """
    plain = re.sub(r"[^ !#$&'()+,\-.0-9=@A-Z\[\]^_`a-z{}~]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _harmless_stem(original: str) -> str:
    last = unicodedata.normalize("NFC", original).replace("\\", "/").rsplit("/", 1)[-1]
    stem = _FORBIDDEN.sub("_", last.rpartition(".")[0] or last).strip(" .")
    stem = stem.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore").strip(" .")
    return f"_{stem}" if not stem or _RESERVED.fullmatch(stem) else stem
