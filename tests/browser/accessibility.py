"""axe, in a page."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import axe


def assert_accessible(page: Page) -> None:
    """Whatever axe has a rule for, experimental ones aside, in the state that the page is in."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    found: list[dict[str, Any]] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not found, "\n".join(map(describe, found))


def describe(violation: dict[str, Any]) -> str:
    elements = [" ".join(node["target"]) for node in violation["nodes"]]
    return f"{violation['id']}: {violation['help']}: {', '.join(elements)}"
