import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import launch_options
from tests.browser.watch import Watch
from tests.e2e.caller import Caller
from tests.project import PROJECT
from tests.stack.local_stack import PASSWORD, LocalStack

VISIBLY = "BROWSE" in os.environ
"""As `make browse` does it: slowly, and with a picture of how each test ended."""
PICTURES = PROJECT / "out/browser"
PATIENCE_MILLISECONDS = 30_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
_numbers = count()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, who has not signed in in the browser. `caller` is the same user without one."""

    email: str
    password: str
    caller: Caller


# Not for the session: as long as Playwright runs, asyncio.run does not, and other tests need it.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(visibly=VISIBLY))
        yield browser
        browser.close()


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Of the context, for Playwright. A module or a test may have others: locale, viewport, color_scheme."""
    return {}


@pytest.fixture
def context(chromium: Browser, stack: LocalStack, context_options: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser that nobody has used before; its addresses are relative to the page."""
    context = chromium.new_context(**{"base_url": stack.page_url, "locale": "en-GB", **context_options})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture(autouse=True)
def watch(context: BrowserContext, stack: LocalStack) -> Iterator[Watch]:
    """Fails the test where a page of the context erred, asked anybody but the stack, or showed what it cannot save."""
    watch = Watch(context)
    yield watch
    assert watch.errors == []
    assert watch.origins() <= {stack.page_url, stack.emulator.url}
    assert watch.images_without_cors(stack.emulator.url) == []


@pytest.fixture
def page(context: BrowserContext, picture: Callable[..., None]) -> Iterator[Page]:
    """An empty page. More of the same person: `context.new_page()`."""
    page = context.new_page()
    yield page
    if VISIBLY:
        picture(page, "at the end")


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Takes a picture of a page, whole, into out/browser/; the options are those of `Page.screenshot`."""

    def take(page: Page, name: str, **options: Any) -> None:
        test = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
        file = Path(PICTURES / test / f"{name.replace(' ', '-')}.png")
        page.screenshot(**{"path": file, "full_page": True, "animations": "disabled", **options})

    return take


@pytest.fixture
def person(stack: LocalStack) -> Person:
    """Somebody new, with the signup credits."""
    email = f"person{next(_numbers)}@example.com"
    return Person(email, PASSWORD, Caller(stack, email))
