import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.file_names import archive_names


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
