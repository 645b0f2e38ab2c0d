"""Photos go in, cut-outs come out, whatever happens in between."""

import io
import re
import zipfile

import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Person
from tests.browser.steps import choose, cut_out, png, sign_in, tile
from tests.browser.watch import Watch
from tests.conftest import SIGNUP_CREDITS
from tests.stack.local_stack import LocalStack

PATIENCE_MILLISECONDS = 90_000
BATCH = [png(f"photo{number:02}.png") for number in range(24)]
NO_PHOTO = b"\x89PNG\r\n\x1a\n and nothing of a photo"


def test_what_is_not_taken_is_said_before_anything_is_sent(page: Page, person: Person, watch: Watch) -> None:
    sign_in(page, person)
    markup = "<img src=x onerror=alert(1)>.png"

    form = choose(
        page, [png(markup), png("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), png("empty.png", b"")]
    )

    expect(form.get_by_role("heading")).to_have_text("1 photo chosen")
    expect(
        form.get_by_text("drawing.png: this is no JPEG, PNG, WebP, GIF, HEIC or AVIF, whatever its name says")
    ).to_be_visible()
    expect(form.get_by_text("empty.png: the file is empty")).to_be_visible()
    assert [request.url for request in watch.asked if request.method == "POST" and "pricing" not in request.url][
        2:
    ] == []
    form.get_by_role("radio", name="Basic").check()
    form.get_by_role("button", name="Cut out").click()
    expect(tile(page, markup).get_by_role("link")).to_be_visible()


def test_a_batch_ends_though_one_file_is_corrupt_and_one_upload_meets_a_broken_network(
    page: Page, person: Person, stack: LocalStack, watch: Watch
) -> None:
    stack.operate("grant", "--user", person.caller.user.user_id, "--credits", "100")
    sign_in(page, person)
    broken: list[str] = []

    def break_one(route: Route) -> None:
        if route.request.method == "POST" and not broken:
            broken.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route(f"{stack.emulator.url}/*images*", break_one)
    cut_out(page, [*BATCH[:-1], png("corrupt.png", NO_PHOTO)])

    expect(page.get_by_text("23 of 24 are cut out")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(page.get_by_text("1 failed and cost nothing")).to_be_visible()
    assert broken
    watch.take("ERR_FAILED")
    with page.expect_download(timeout=PATIENCE_MILLISECONDS) as download:
        page.get_by_role("button", name="Download all as ZIP").click(timeout=PATIENCE_MILLISECONDS)
    archive = zipfile.ZipFile(download.value.path())
    assert len([name for name in archive.namelist() if name.endswith(".png")]) == 23


def test_a_reload_in_the_middle_loses_no_photo(page: Page, person: Person, stack: LocalStack) -> None:
    stack.operate("grant", "--user", person.caller.user.user_id, "--credits", "100")
    sign_in(page, person)
    held_back: list[Route] = []
    page.route(f"{stack.emulator.url}/*images*", lambda route: held_back.append(route))
    cut_out(page, BATCH[:6])
    page.wait_for_function("document.querySelectorAll('.tile.sending, .tile.waiting').length === 6")
    expect(page.get_by_text("0 of 6 are cut out")).to_be_visible()
    page.wait_for_function(
        """() => new Promise((resolve) => {
            indexedDB.open("cut-outs", 1).onsuccess = ({target}) => {
                const all = target.result.transaction("uploads").objectStore("uploads").count();
                all.onsuccess = () => resolve(all.result === 6);
            };
        })"""
    )

    page.unroute_all()
    page.reload()

    expect(page.get_by_text("6 of 6 are cut out")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(page.get_by_role("list").get_by_role("link")).to_have_count(6)


def test_who_lacks_credits_hears_how_many_and_keeps_the_choice(page: Page, person: Person, watch: Watch) -> None:
    sign_in(page, person)

    form = choose(page, BATCH[:20])
    form.get_by_role("radio", name="Basic").check()
    expect(form.get_by_text("You lack 27 credits.")).to_be_visible()
    form.get_by_role("button", name="Cut out 20 photos").click()

    expect(page.locator(".notice")).to_contain_text("You lack 27 credits.")
    expect(page.get_by_role("heading", name="20 photos chosen")).to_be_visible()
    assert person.caller.balance() == (SIGNUP_CREDITS, 0)
    watch.take("402")


def test_a_page_that_is_offline_says_so_and_goes_on_afterwards(page: Page, person: Person) -> None:
    sign_in(page, person)

    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_have_count(0)

    cut_out(page, [png("later.png")])
    expect(tile(page, "later.png").get_by_role("link")).to_be_visible()


def test_a_busy_service_is_asked_again(page: Page, person: Person, watch: Watch) -> None:
    sign_in(page, person)
    asked: list[str] = []

    def busy_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            problem = {"code": "too_many_requests", "detail": "Try again."}
            route.fulfill(status=429, headers={"Retry-After": "1"}, json=problem)
        else:
            route.continue_()

    page.route("**/remove", busy_once)
    cut_out(page, [png("patient.png")])

    expect(tile(page, "patient.png").get_by_role("link")).to_be_visible()
    assert len(asked) == 2
    watch.take("429")


def test_photos_are_dropped_and_pasted_as_well(page: Page, person: Person) -> None:
    sign_in(page, person)

    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0]);
            transfer.items.add(new File([bytes], "dropped.png", {type: "image/png"}));
            window.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, cancelable: true}));
        }"""
    )
    expect(page.get_by_role("heading", name="1 photo chosen")).to_be_visible()
    page.get_by_role("button", name="Choose others").click()
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0]);
            transfer.items.add(new File([bytes], "image.png", {type: "image/png"}));
            window.dispatchEvent(new ClipboardEvent("paste", {clipboardData: transfer}));
        }"""
    )
    expect(page.get_by_role("heading", name="1 photo chosen")).to_be_visible()


def test_a_batch_on_white_at_a_size_is_delivered_like_that(page: Page, person: Person) -> None:
    sign_in(page, person)
    form = choose(page, BATCH[:2])
    form.get_by_role("radio", name="Basic").check()
    form.get_by_role("radio", name="White").check()
    form.get_by_label("Format").select_option("jpeg")
    form.get_by_role("button", name=re.compile("Cut out")).click()

    with page.expect_download(timeout=PATIENCE_MILLISECONDS) as download:
        page.get_by_role("button", name="Download all as ZIP").click(timeout=PATIENCE_MILLISECONDS)

    archive = zipfile.ZipFile(download.value.path())
    pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
    assert len(pictures) == 2
    finished = person.caller.get("jobs").json()["jobs"][0]["jobId"]
    url = person.caller.get(f"jobs/{finished}").json()["result"]["url"]
    delivered = requests.get(url, timeout=10).content
    assert delivered in [archive.read(name) for name in pictures]
    assert io.BytesIO(delivered).read(2) == b"\xff\xd8"


def test_the_history_is_searched_by_name_beyond_what_it_shows_at_first(
    page: Page, person: Person, stack: LocalStack
) -> None:
    stack.operate("grant", "--user", person.caller.user.user_id, "--credits", "200")
    person.caller.post("uploads", {"tier": "basic", "fileName": "the first shoe.png"})
    files = [{"fileName": f"bag {number}.png", "contentType": "image/png", "size": 100} for number in range(60)]
    person.caller.post("batch", {"tier": "basic", "files": files})
    sign_in(page, person)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("40 photos")).to_be_visible()

    page.get_by_label("Name").fill("Shoe")

    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(tile(page, "the first shoe.png")).to_be_visible()
