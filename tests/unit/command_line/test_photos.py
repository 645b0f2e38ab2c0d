from pathlib import Path

import click
import pytest

from cutout import photos
from cutout.files import PART, remove_parts, write_atomically


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.JPG", "a.png", "a.heic", ".hidden.png", "notes.txt", "inner/c.png"):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"photo")
    return tmp_path / "in"


def names(folder: Path, *paths: Path, out: Path | None = None) -> list[str]:
    _, items = photos.items(paths, photos.found(paths), out, ".png")
    return [str(Path(item.output).relative_to(folder)) for item in items]


def test_in_a_folder_the_photos_are_meant_and_those_of_a_name_are_numbered(folder: Path) -> None:
    assert names(folder, folder) == ["cutouts/a.png", "cutouts/a-2.png", "cutouts/b.png"]


def test_a_file_that_is_named_is_meant_whatever_its_ending_and_once(folder: Path) -> None:
    assert [photo.name for photo in photos.found([folder / "notes.txt", folder / "notes.txt"])] == ["notes.txt"]


def test_one_cut_out_lies_beside_its_photo_or_where_it_is_wanted(folder: Path, tmp_path: Path) -> None:
    assert names(folder, folder / "b.JPG") == ["b-cutout.png"]
    assert names(tmp_path, folder / "b.JPG", out=tmp_path / "x.webp") == ["x.webp"]
    assert names(tmp_path, folder / "b.JPG", out=tmp_path / "out") == ["out/b.png"]


def test_no_cut_out_takes_the_place_of_a_photo(folder: Path) -> None:
    with pytest.raises(click.UsageError, match="another folder"):
        names(folder, folder, out=folder)


@pytest.mark.parametrize(
    ("out", "chosen", "wanted"),
    [(None, None, "png"), ("x.webp", None, "webp"), ("x.JPEG", None, "jpeg"), ("x.webp", "png", "png")],
)
def test_the_format_is_the_one_that_is_chosen_or_that_of_the_file(
    out: str | None, chosen: str | None, wanted: str
) -> None:
    assert photos.formatted(Path(out) if out else None, chosen) == wanted


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    def breaking_off() -> object:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write_atomically(tmp_path / "cat.png", breaking_off())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_half_written_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (f".x1{PART}", "cat.png", f"mine{PART}"):
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cat.png", f"mine{PART}"]
