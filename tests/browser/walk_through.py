"""`make walk-through`: the page as somebody meets it who has never seen it, in pictures and seconds, for docs/page.md.

One photo first, from signing up to the download; then a folder of fifty, on white at 1200 pixels, as a ZIP. And the
same screens at three widths, by day and by night, into out/browser/screens/.
"""

import io
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.steps import enter_code
from tests.project import PROJECT
from tests.stack import processes
from tests.stack.local_stack import PASSWORD, LocalStack

ASSETS = PROJECT / ".cache/assets"
PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png")
PICTURES = PROJECT / "docs/page"
SCREENS = PROJECT / "out/browser/screens"
EMAIL = "newcomer@example.com"
FOLDER_SIZE = 50
WIDTHS = (320, 1280, 2560)
PATIENCE_MILLISECONDS = 200_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
MOST_SECONDS = {"one photo": 60.0, "fifty photos": 180.0}


def main() -> None:
    processes.exit_when_told_to()
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack.start(Path(folder) / "stack") as stack,
        sync_playwright() as playwright,
    ):
        photos = Path(folder) / "shop"
        photos.mkdir()
        fill(photos)
        browser = playwright.chromium.launch(**launch_options(visibly=False))
        taken = walk(browser, stack, photos)
        browser.close()
    for name, seconds in taken.items():
        print(f"{name}: {seconds:.0f} s")
    if slow := [name for name, seconds in taken.items() if seconds > MOST_SECONDS[name]]:
        sys.exit(f"too slow: {', '.join(slow)}")


def fill(folder: Path) -> None:
    """Fifty photos of which no two are the same, as a shop's may be called."""
    for number in range(FOLDER_SIZE):
        with Image.open(ASSETS / PHOTOS[number % len(PHOTOS)]) as photo:
            left = photo.crop((number, number // 2, photo.width, photo.height))
        shown = ImageOps.mirror(left) if number % 2 else left
        shown.convert("RGB").save(folder / f"IMG_{1001 + number}.jpg", quality=90)


def walk(browser: Browser, stack: LocalStack, photos: Path) -> dict[str, float]:
    """What each of the two took, in seconds, without the pictures' time."""
    taken = {}
    with someone(browser, stack) as context:
        page = context.new_page()
        walker = Walker(page)
        one_photo(walker, stack)
        taken["one photo"] = walker.seconds
        user_id = stack.emulator.client("cognito-idp").admin_get_user(
            UserPoolId=stack.outputs["UserPoolId"], Username=EMAIL
        )["Username"]
        stack.operate("grant", "--user", user_id, "--credits", "500")
        page.reload()
        walker = Walker(page)
        fifty_photos(walker, photos)
        taken["fifty photos"] = walker.seconds
        state = context.storage_state(indexed_db=True)
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            with someone(browser, stack, storage_state=state, color_scheme=scheme, viewport_width=width) as context:
                look_around(context.new_page(), SCREENS / f"{width}-{scheme}")
    return taken


@contextmanager
def someone(
    browser: Browser, stack: LocalStack, *, viewport_width: int = 1280, **options: object
) -> Iterator[BrowserContext]:
    context = browser.new_context(
        base_url=stack.page_url,
        locale="en-GB",
        viewport={"width": viewport_width, "height": 860},
        **options,  # type: ignore[arg-type]  # of the context, by their names
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context
    context.close()


class Walker:
    """`seconds` that were spent on the page, besides taking its pictures."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._started = time.monotonic()
        self._spent_on_pictures = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started - self._spent_on_pictures

    def picture(self, name: str) -> None:
        began = time.monotonic()
        shot(self.page, PICTURES / f"{name}.webp")
        self._spent_on_pictures += time.monotonic() - began


def shot(page: Page, file: Path) -> None:
    page.wait_for_load_state("networkidle")
    content = page.screenshot(animations="disabled")
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").save(file, quality=80, method=6)


def one_photo(walker: Walker, stack: LocalStack) -> None:
    page = walker.page
    page.goto("/")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    walker.picture("1-sign-up")
    page.get_by_role("button", name="Create the account").click()
    enter_code(page, stack, EMAIL)
    walker.picture("2-code")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    walker.picture("3-drop")
    page.get_by_label("Choose photos").set_input_files([ASSETS / "chelsea.png"])
    form = page.get_by_role("form")
    expect(form.locator(".price strong")).to_be_visible()
    form.get_by_role("radio", name="Professional").check()
    expect(form.locator(".price strong")).to_have_text("15 credits")
    walker.picture("4-price")
    form.get_by_role("button", name="Cut out").click()
    page.get_by_role("link", name="chelsea.png").click()
    expect(page.get_by_role("slider")).to_be_visible()
    page.wait_for_load_state("networkidle")
    walker.picture("5-result")
    with page.expect_download():
        page.get_by_role("button", name="Download").click()


def fifty_photos(walker: Walker, photos: Path) -> None:
    page = walker.page
    page.goto("/#/")
    page.get_by_label("Choose a folder").set_input_files(photos)
    form = page.get_by_role("form")
    expect(form.locator(".price strong")).to_be_visible()
    form.get_by_role("radio", name="Basic").check()
    form.get_by_role("radio", name="White").check()
    form.get_by_label("Longest side").select_option("1200")
    form.get_by_label("Format").select_option("jpeg")
    walker.picture("6-fifty")
    form.get_by_role("button", name=re.compile("Cut out")).click()
    expect(page.get_by_text("of 50 are cut out")).to_be_visible()
    expect(page.locator(".tile.completed").nth(5)).to_be_visible()
    walker.picture("7-progress")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as ZIP").click()
    archive = zipfile.ZipFile(download.value.path())
    pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
    if len(pictures) != FOLDER_SIZE:
        sys.exit(f"the ZIP has {len(pictures)} pictures of {FOLDER_SIZE}")
    walker.picture("8-zip")


def look_around(page: Page, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    page.goto("/#/history")
    expect(page.get_by_role("listitem").first).to_be_visible()
    shot(page, folder / "history.webp")
    page.get_by_label("Name").fill("chelsea")
    page.get_by_role("link", name="chelsea.png").click()
    expect(page.get_by_role("slider")).to_be_visible()
    shot(page, folder / "result.webp")
    page.goto("/#/account")
    expect(page.get_by_role("heading", name="Account", level=1)).to_be_focused()
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    shot(page, folder / "account.webp")
    page.goto("/#/")
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    shot(page, folder / "work.webp")


if __name__ == "__main__":
    main()
