import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.file_names import archive_names, attachment, saved_name


@pytest.mark.parametrize(
    ("originals", "names"),
    [
        (["cat.jpg", "dog.jpeg"], ["cat.png", "dog.png"]),
        (["cat.jpg", "cat.jpg", "cat.png"], ["cat.png", "cat (2).png", "cat (3).png"]),
        (["Cat.jpg", "cat.jpg"], ["Cat.png", "cat (2).png"]),
        (["cat (2).jpg", "cat.jpg", "cat.jpg"], ["cat (2).png", "cat.png", "cat (3).png"]),
        (["../../etc/passwd", "C:\\photos\\me.jpg", "/abs.jpg"], ["passwd.png", "me.png", "abs.png"]),
        (["..", "", ".", "  "], ["_.png", "_ (2).png", "_ (3).png", "_ (4).png"]),
        (["con.jpg", "LPT1.png"], ["_con.png", "_LPT1.png"]),
        (["a:b?.jpg", "a\x00\n.jpg"], ["a_b_.png", "a__.png"]),
        ([".hidden", "two.dots.jpg"], ["hidden.png", "two.dots.png"]),
    ],
)
def test_names_are_the_originals_made_harmless_and_unique(originals: list[str], names: list[str]) -> None:
    assert archive_names(originals, "png") == names


def test_the_manifest_keeps_its_name_to_itself() -> None:
    assert archive_names(["manifest.txt"], "json") == ["manifest (2).json"]


def test_names_that_look_the_same_are_the_same() -> None:
    assert archive_names(["cafe\u0301.jpg", "caf\u00e9.jpg"], "png") == ["caf\u00e9.png", "caf\u00e9 (2).png"]


@given(st.lists(st.text(max_size=255) | st.sampled_from(["a.jpg", "A.png", "\u00fc" * 255]), max_size=30))
def test_whatever_they_are_called_they_can_be_unpacked_side_by_side(originals: list[str]) -> None:
    names = archive_names(originals, "png")

    assert len(names) == len(originals)
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert 0 < len(name.encode()) <= 255
        assert not set(name) & set('/\\:*?"<>|')
        assert not any(unicodedata.category(character) == "Cc" and ord(character) < 32 for character in name)
        assert not name.startswith((" ", "."))


@pytest.mark.parametrize(
    ("original", "kind", "name"),
    [
        ("cat.jpg", "", "cat.png"),
        ("cat.jpg", "matte", "cat-matte.png"),
        ("../../etc/passwd", "", "passwd.png"),
        ('a"; filename=evil.html', "", "a_; filename=evil.png"),
        ("page.html\r\nSet-Cookie: a=b", "", "page.png"),
    ],
)
def test_what_was_made_of_a_photo_is_saved_under_its_name(original: str, kind: str, name: str) -> None:
    assert saved_name(original, "png", kind=kind) == name


@given(st.text(max_size=255) | st.text("\"\\\r\n;'%\0/", max_size=20))
def test_no_name_breaks_out_of_its_header(original: str) -> None:
    header = attachment(saved_name(original, "png"))

    assert re.fullmatch(r'attachment; filename="[ -~]+\.png"; filename\*=UTF-8\'\'[\w.~%-]+\.png', header, re.ASCII)
    assert header.count('"') == 2
    assert "\\" not in header
    assert unquote(header.partition("UTF-8''")[2]) == saved_name(original, "png")
