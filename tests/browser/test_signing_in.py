"""Accounts: made, confirmed, opened, recovered, expired, left."""

from itertools import count

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Person
from tests.browser.steps import choose, cut_out, enter_code, png, sign_in, tile
from tests.browser.watch import Watch
from tests.conftest import SIGNUP_CREDITS
from tests.e2e.caller import Caller
from tests.stack.local_stack import PASSWORD, LocalStack


def test_a_stranger_signs_up_and_has_a_cut_out(page: Page, stack: LocalStack) -> None:
    page.goto("/")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill("stranger@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    enter_code(page, stack, "stranger@example.com")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name=f"{SIGNUP_CREDITS} credits")).to_be_visible()

    cut_out(page, [png("first.png")])

    expect(tile(page, "first.png").get_by_role("link")).to_be_visible()
    expect(page.get_by_role("link", name=f"{SIGNUP_CREDITS - 3} credits")).to_be_visible()


def test_a_network_that_fails_once_keeps_nobody_from_the_workplace(page: Page, person: Person, watch: Watch) -> None:
    attempts = count()
    page.route("**/workplace.js", lambda route: route.abort() if next(attempts) == 0 else route.continue_())
    page.goto("/")
    expect(page.get_by_text("The service cannot be reached.")).to_be_visible()
    watch.take("workplace|ERR_FAILED")

    sign_in(page, person)


def test_a_wrong_password_is_told_and_opens_nothing(page: Page, person: Person, watch: Watch) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill("Not-the-password-1")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    watch.take("400")


def test_a_forgotten_password_is_replaced_by_a_code(page: Page, person: Person, stack: LocalStack) -> None:
    page.goto("/")
    page.get_by_role("button", name="I forgot my password").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Send the code").click()
    enter_code(page, stack, person.email)
    page.get_by_label("Password").fill("Another-password-2")
    page.get_by_role("button", name="Set the password").click()

    sign_in(page, Person(person.email, "Another-password-2", person.caller))


def test_an_api_key_opens_the_page_without_an_account(page: Page, person: Person) -> None:
    key = person.caller.post("api-keys", {"name": "page"}).json()["key"]
    page.goto("/")
    page.get_by_role("button", name="Use an API key instead").click()
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("link", name=f"{SIGNUP_CREDITS} credits")).to_be_visible()


def test_an_expired_token_is_renewed_without_a_word(page: Page, person: Person) -> None:
    sign_in(page, person)
    page.clock.install()
    page.clock.fast_forward("02:00:00")

    with page.expect_request(lambda request: "REFRESH_TOKEN_AUTH" in (request.post_data or "")):
        page.get_by_role("link", name="Account").click()

    expect(page.get_by_role("heading", name="Credits")).to_be_visible()
    expect(page.get_by_text("Your sign-in has expired.")).to_have_count(0)


def test_who_signed_out_everywhere_has_to_sign_in_again(page: Page, person: Person, watch: Watch) -> None:
    sign_in(page, person)
    session = page.evaluate("localStorage.getItem('session')")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Sign out on all devices").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.evaluate("(session) => localStorage.setItem('session', session)", session)
    page.reload()

    expect(page.get_by_text("Your sign-in has expired. Sign in again; nothing is lost.")).to_be_visible()
    watch.take("40[01]")


def test_a_second_tab_follows_who_signs_in_and_out(page: Page, person: Person) -> None:
    other = page.context.new_page()
    other.goto("/")
    sign_in(page, person)
    expect(other.get_by_role("heading", name="Drop photos here")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()

    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    assert other.evaluate("localStorage.getItem('session')") is None


def test_a_tab_that_is_signed_out_while_it_begins_asks_nothing_more(page: Page, person: Person) -> None:
    other, held_back = page.context.new_page(), list[Route]()
    other.route("**/credits?*", lambda route: held_back.append(route))
    other.goto("/")
    sign_in(page, person)
    expect(other.get_by_role("heading", name="Drop photos here")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    with other.expect_response("**/credits?*"):
        held_back[0].continue_()
    other.unroute("**/credits?*")

    # What it asked without a token would be refused meanwhile, which `watch` takes for an error.
    other.get_by_label("E-mail").fill(person.email)
    other.get_by_label("Password").fill(person.password)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Drop photos here")).to_be_visible()


def test_who_signs_in_next_finds_nothing_of_who_was_here_before(page: Page, person: Person, stack: LocalStack) -> None:
    sign_in(page, person)
    cut_out(page, [png("shoe.png")])
    page.get_by_role("link", name="shoe.png").click()
    page.get_by_label("Format").select_option("webp")
    page.get_by_role("button", name="Sign out").click()
    other = Person("next@example.com", PASSWORD, Caller(stack, "next@example.com"))

    sign_in(page, other)

    expect(choose(page, [png("bag.png")]).get_by_label("Format")).to_have_value("png")
