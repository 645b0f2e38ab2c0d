"""What people do on the page, in the words that they read there."""

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Person
from tests.e2e.caller import photo
from tests.stack.local_stack import LocalStack


def png(name: str, content: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": photo() if content is None else content}


def sign_in(page: Page, person: Person) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    expect(page.get_by_role("link", name="credits")).to_be_visible()


def enter_code(page: Page, stack: LocalStack, email: str) -> None:
    """The one that the user pool sent to the address."""
    field = page.get_by_label("Code of six digits")
    expect(field).to_be_visible()
    field.fill(stack.code_for(email))


def choose(page: Page, files: list[FilePayload] | list[Path]) -> Locator:
    """Chooses files; the form that says what will be sent, once it knows the price."""
    page.get_by_label("Choose photos").set_input_files(files)
    form = page.get_by_role("form")
    expect(form.locator(".price strong")).to_be_visible()
    return form


def cut_out(page: Page, files: list[FilePayload], *, tier: str = "Basic") -> None:
    form = choose(page, files)
    form.get_by_role("radio", name=tier).check()
    form.get_by_role("button", name=re.compile("^Cut out")).click()


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=name)


def open_cut_out(page: Page, person: Person) -> str:
    """Signs in, makes one and looks at it; its job's id."""
    sign_in(page, person)
    cut_out(page, [png("shoe.png")])
    page.get_by_role("link", name="shoe.png").click()
    expect(page.get_by_role("heading", name="shoe.png")).to_be_visible()
    expect(page.get_by_role("group", name="The cut-out.")).to_be_visible()
    return page.url.rpartition("/")[2]
