"""The page for somebody who comes for the first time, on a slow phone: what it weighs, and how long they wait."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

from tests.bench.figures import Figure, figure
from tests.bench.photos import small_jpeg
from tests.browser.chromium import launch_options
from tests.stack.local_stack import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload

    from tests.bench.part import Means
    from tests.stack.local_stack import LocalStack

EMAIL = "phone@example.com"
SLOWER = 4
"""A phone's processor, as Lighthouse slows this machine down for one. The network is its "slow 4G" as well:
https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md"""

LATENCY_MILLISECONDS = 150
BYTES_PER_SECOND = 1.6e6 / 8
PATIENCE_MILLISECONDS = 60_000
USABLE = "usable"
# Playwright's own looking would take the slow processor from the page.
TELL_WHEN_USABLE = f"""
    const watch = new MutationObserver(() => {{
        if (!document.querySelector("input[type=email]")) return;
        watch.disconnect();
        requestAnimationFrame(() => setTimeout(() => console.debug("{USABLE}", performance.now())));
    }});
    watch.observe(document, {{ childList: true, subtree: true }});
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """`usable` and `first_cut_out` in seconds: until the form to sign in is drawn, and from choosing a photo on."""

    transferred: int
    requests: int
    usable: float
    first_cut_out: float


def measure(means: Means) -> dict[str, Figure]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with means.stack(page_by_https=True) as stack, sync_playwright() as playwright:
        stack.sign_up(EMAIL)
        browser = playwright.chromium.launch(**launch_options(visibly=False))
        visit(browser, stack)  # Cold starts.
        visits = [visit(browser, stack) for _ in range(means.sizes.page_visits)]
        browser.close()
    return {
        "page_kb": figure([each.transferred / 1000 for each in visits], "kB"),
        "page_requests": figure([each.requests for each in visits], "calls"),
        "page_usable_s": figure([each.usable for each in visits], "s"),
        "page_first_cut_out_s": figure([each.first_cut_out for each in visits], "s"),
    }


def visit(browser: Browser, stack: LocalStack) -> Visit:
    context = browser.new_context(
        base_url=stack.page_url,
        viewport={"width": 360, "height": 740},
        locale="en-GB",
        ignore_https_errors=True,
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    devtools.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MILLISECONDS, **speed})
    loaded: list[dict[str, Any]] = []

    def note(event: dict[str, Any]) -> None:
        loaded.append(event)

    devtools.on("Network.loadingFinished", note)

    page.add_init_script(TELL_WHEN_USABLE)
    with page.expect_console_message(lambda message: message.text.startswith(USABLE)) as told:
        page.goto("/", wait_until="commit")
    usable = float(told.value.text.split()[1]) / 1000
    page.wait_for_load_state("networkidle")
    first_view = list(loaded)

    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    chooser = page.get_by_label("Choose photos")
    chooser.wait_for(state="attached")
    started = time.perf_counter()
    # Bytes behind the image's end make it another photo, which is not known yet.
    photo: FilePayload = {"name": "shoe.jpg", "mimeType": "image/jpeg", "buffer": small_jpeg() + secrets.token_bytes(8)}
    chooser.set_input_files([photo])
    form = page.get_by_role("form")
    form.get_by_role("radio", name="Basic").check()
    expect(form.locator(".price strong")).to_be_visible()
    form.get_by_role("button", name="Cut out").click()
    page.get_by_role("link", name="shoe.jpg").wait_for()
    first_cut_out = time.perf_counter() - started
    context.close()
    transferred = sum(int(each["encodedDataLength"]) for each in first_view)
    return Visit(transferred, len(first_view), usable, first_cut_out)
