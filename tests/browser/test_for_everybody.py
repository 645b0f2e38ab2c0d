"""The page is for whoever comes: by eye, ear or key, on any screen, in either language."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import Person
from tests.browser.steps import choose, cut_out, open_cut_out, png, sign_in, tile
from tests.project import PROJECT

TEXTS = PROJECT / "functions/publish_page/page/texts"


@pytest.mark.parametrize(
    "context_options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"]
)
def test_axe_finds_nothing_on_any_state(page: Page, person: Person, picture: Callable[..., None]) -> None:
    page.goto("/")
    for name in ("Create an account", "Back to signing in", "Use an API key instead"):
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_accessible(page)
        page.get_by_role("button", name=name).click()
    assert_accessible(page)
    sign_in(page, person)
    assert_accessible(page)
    choose(page, [png("shoe.png"), png("drawing.png", b"<svg/>")])
    assert_accessible(page)
    page.get_by_role("button", name="Choose others").click()
    cut_out(page, [png("shoe.png")])
    expect(tile(page, "shoe.png").get_by_role("link")).to_be_visible()
    assert_accessible(page)
    picture(page, "work")
    page.get_by_role("link", name="shoe.png").click()
    expect(page.get_by_role("slider")).to_be_visible()
    assert_accessible(page)
    picture(page, "viewer")
    page.get_by_role("button", name="Erase the photo and its cut-out").click()
    assert_accessible(page)
    page.get_by_role("button", name="Keep").click()
    for name in ("History", "Account"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_focused()
        page.wait_for_load_state("networkidle")
        assert_accessible(page)
        picture(page, name)


@pytest.mark.parametrize(
    "context_options",
    [{"viewport": {"width": width, "height": 800}} for width in (320, 1280, 3840)],
    ids=["320", "1280", "3840"],
)
def test_nothing_is_wider_than_the_screen(page: Page, person: Person, picture: Callable[..., None]) -> None:
    open_cut_out(page, person)
    for address in ("", "history", "account"):
        picture(page, page.url.rpartition("#/")[2].partition("/")[0] or "work", full_page=False)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        page.goto(f"/#/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_all_of_the_work_is_done_by_keyboard(page: Page, person: Person) -> None:
    sign_in(page, person)
    form = choose(page, [png("shoe.png")])

    expect(form.get_by_role("button", name="Cut out")).to_be_focused()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="shoe.png")
    expect(link).to_be_visible()
    assert page.evaluate("document.activeElement !== document.body")
    link.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="shoe.png")).to_be_focused()


@pytest.mark.parametrize("context_options", [{"locale": "id-ID"}], ids=["id"])
def test_who_reads_indonesian_gets_indonesian_words_and_numbers(page: Page, person: Person) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "id"
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Kata sandi").fill(person.password)
    page.get_by_role("button", name="Masuk").click()
    page.get_by_role("link", name="Akun").click()

    expect(page.get_by_text(re.compile(r"Rp\s?99\.000 sebulan"))).to_be_visible()

    page.get_by_label("Bahasa").select_option("en")
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()


def test_a_name_from_right_to_left_keeps_its_direction(page: Page, person: Person) -> None:
    sign_in(page, person)
    cut_out(page, [png("صورة 1.png")])
    expect(page.locator("bdi", has_text="صورة 1.png")).to_have_css("direction", "rtl")


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    english, indonesian = (json.loads((TEXTS / f"{language}.json").read_text()) for language in ("en", "id"))

    def values(text: str | dict[str, str]) -> set[str]:
        return set(re.findall(r"{\w+}", text if isinstance(text, str) else text["other"]))

    assert {name: values(text) for name, text in english.items()} == {
        name: values(text) for name, text in indonesian.items()
    }


@pytest.mark.parametrize("context_options", [{"locale": "en-US@posix"}], ids=["posix"])
def test_a_browser_whose_language_is_no_language_tag_gets_english(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
