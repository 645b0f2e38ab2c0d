"""Which photos are meant, and where their cut-outs go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from cutout.state import Item

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".heif", ".avif")
EXTENSIONS = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}
FORMATS = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}
LONGEST_NAME = 255


def found(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and the photos in the folders that are, but not in folders within these."""
    photos: dict[Path, None] = {}
    for path in paths:
        inside = path.is_dir()
        for photo in sorted(path.iterdir()) if inside else [path]:
            if not inside or (_is_photo(photo) and photo.is_file()):
                photos[photo.resolve()] = None
    return list(photos)


def formatted(out: Path | None, chosen: str | None) -> str:
    """The format that is chosen, or else that of the file that the cut-out shall be."""
    return chosen or (FORMATS.get(out.suffix.lower()) if out else None) or "png"


def items(paths: Sequence[Path], photos: Sequence[Path], out: Path | None, extension: str) -> tuple[Path, list[Item]]:
    """The folder of the cut-outs, and each photo with its own: a file where one photo is meant, else in a folder."""
    is_one = len(photos) == 1 and not paths[0].is_dir()
    if is_one and out and out.suffix.lower() in FORMATS and not out.is_dir():
        return out.resolve().parent, [_item(photos[0], out.resolve())]
    if is_one and out is None:
        output = photos[0].with_name(f"{photos[0].stem}-cutout{extension}")
        return output.parent, [_item(photos[0], output)]
    folder = (out or (paths[0] if paths[0].is_dir() else photos[0].parent) / "cutouts").resolve()
    if folder.is_file():
        raise click.UsageError(f"{folder} is a file; several cut-outs need a folder.")
    if any(photo.parent == folder for photo in photos):
        raise click.UsageError(f"The photos are in {folder}. Choose another folder for the cut-outs.")
    return folder, list(map(_item, photos, _outputs(photos, folder, extension)))


def _outputs(photos: Sequence[Path], folder: Path, extension: str) -> Iterable[Path]:
    """Photos of the same name, but for their ending or folder, are numbered."""
    taken: set[str] = set()
    for photo in photos:
        name, number = photo.stem, 1
        while name.lower() in taken:
            number += 1
            name = f"{photo.stem}-{number}"
        taken.add(name.lower())
        yield folder / f"{name}{extension}"


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _item(photo: Path, output: Path) -> Item:
    # A name on disk may have bytes that are no text.
    name = photo.name.encode(errors="replace").decode()[-LONGEST_NAME:]
    return Item(str(photo), name, photo.stat().st_size, str(output))
