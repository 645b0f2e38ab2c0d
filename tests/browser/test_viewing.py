"""A cut-out is looked at closely, and saved in any shape."""

import io
import re
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.steps import choose, open_cut_out, png, sign_in, tile
from tests.browser.watch import Watch
from tests.conftest import SIGNUP_CREDITS
from tests.e2e.caller import photo


def test_slider_and_zoom_obey_the_keyboard(page: Page, person: Person) -> None:
    open_cut_out(page, person)
    slider = page.get_by_role("slider", name="How much of the photo lies over the cut-out")
    stage = page.get_by_role("group", name="The cut-out.")
    before = page.locator(".before")

    slider.focus()
    slider.press("End")
    assert "inset(0px 0%" in before.evaluate("(element) => element.style.clipPath")
    slider.press("Home")
    assert "inset(0px 100%" in before.evaluate("(element) => element.style.clipPath")
    stage.focus()
    for _ in range(12):
        stage.press("+")
    expect(page.get_by_text("8 ×")).to_be_visible()
    stage.press("ArrowLeft")
    moved = stage.locator("img.after").evaluate("(image) => image.style.transform")
    assert re.match(r"translate\(60px, 0px\) scale\(8\)", moved)
    stage.press("0")
    expect(page.get_by_text("1 ×")).to_be_visible()


def test_the_wheel_enlarges_what_is_under_the_mouse(page: Page, person: Person) -> None:
    open_cut_out(page, person)
    stage = page.get_by_role("group", name="The cut-out.")
    box = stage.bounding_box()
    assert box

    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)

    transform = stage.locator("img.after").evaluate(
        "(image) => { const {a, e} = new DOMMatrix(image.style.transform); return [a, e]; }"
    )
    scale, moved = transform
    assert scale > 2
    # A point a quarter from the left stays where it is.
    assert abs(moved - (scale - 1) * box["width"] / 4) < 2


def test_a_download_is_what_the_api_renders(page: Page, person: Person) -> None:
    job_id = open_cut_out(page, person)
    page.get_by_label("Format").select_option("webp")
    page.get_by_label("Crop").select_option("10%")
    page.get_by_role("group", name="Background").get_by_role("radio", name="White").check()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()

    assert download.value.suggested_filename == "shoe-cut-out.webp"
    wanted = {"format": "webp", "crop": "10%", "background": "#ffffff"}
    rendering = person.caller.post(f"jobs/{job_id}/render", wanted).json()["rendering"]
    assert Path(download.value.path()).read_bytes() == requests.get(rendering["url"], timeout=10).content


def test_the_choice_is_remembered(page: Page, person: Person) -> None:
    open_cut_out(page, person)
    page.get_by_label("Format").select_option("webp")
    page.get_by_label("Longest side").select_option("1200")

    page.reload()

    expect(page.get_by_label("Format")).to_have_value("webp")
    expect(page.get_by_label("Longest side")).to_have_value("1200")


def test_after_a_reload_the_photo_is_still_there_to_compare_with(page: Page, person: Person) -> None:
    open_cut_out(page, person)

    page.reload()

    before = page.get_by_role("img", name="The photo", exact=True)
    expect(before).to_be_visible()
    assert requests.get(before.get_attribute("src") or "", timeout=10).content == photo()


def test_a_cut_out_is_copied_to_the_clipboard(page: Page, person: Person) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_cut_out(page, person)

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_text("Done.")).to_be_visible()
    kinds = page.evaluate("navigator.clipboard.read().then(([item]) => item.types)")
    assert kinds == ["image/png"]


def test_a_backdrop_of_ones_own_stays_on_the_device(page: Page, person: Person) -> None:
    open_cut_out(page, person)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.get_by_role("radio", name="A photo").check()
    page.get_by_label("The photo to look at it on").set_input_files(
        {"name": "beach.png", "mimeType": "image/png", "buffer": photo()}
    )

    expect(page.locator(".stage.photo")).to_have_css("background-image", re.compile("blob:"))
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_the_next_tier_is_made_at_the_price_that_the_button_says(page: Page, person: Person) -> None:
    open_cut_out(page, person)

    page.get_by_role("button", name="Make it: 8 credits").click()

    expect(tile(page, "shoe.png").get_by_role("link")).to_have_count(2)
    assert person.caller.balance() == (SIGNUP_CREDITS - 3 - 8, 0)


def test_what_is_erased_is_gone(page: Page, person: Person) -> None:
    job_id = open_cut_out(page, person)

    page.get_by_role("button", name="Erase the photo and its cut-out").click()
    page.get_by_role("button", name="Erase", exact=True).click()

    expect(page.get_by_text("0 photos")).to_be_visible()
    assert person.caller.get(f"jobs/{job_id}").status_code == 404


def test_a_result_on_white_is_looked_at_without_it(page: Page, person: Person) -> None:
    sign_in(page, person)
    form = choose(page, [png("shoe.png")])
    form.get_by_role("radio", name="Basic").check()
    form.get_by_role("radio", name="White").check()
    form.get_by_role("button", name="Cut out").click()
    page.get_by_role("link", name="shoe.png").click()
    cut_out = page.locator(".stage img.after")
    expect(cut_out).to_be_visible()

    seen = requests.get(str(cut_out.get_attribute("src")), timeout=10).content

    with Image.open(io.BytesIO(seen)) as image:
        assert 0 in image.convert("RGBA").getchannel("A").tobytes()


def test_a_photo_that_is_not_there_is_said_to_be_gone(page: Page, person: Person, watch: Watch) -> None:
    sign_in(page, person)
    page.goto("/#/job/019a1f3c2b405e8d13c7a9f0426b8e1d")
    expect(page.get_by_text("This photo is not here any more.")).to_be_visible()
    watch.take("404")
