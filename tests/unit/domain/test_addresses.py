import pytest
from hypothesis import given
from hypothesis import strategies as st

from background_remover.domain.addresses import mailbox, mailbox_digest


@pytest.mark.parametrize(
    "address",
    [
        "anna.meier@gmail.com",
        "Anna.Meier@Gmail.com",
        "annameier@gmail.com",
        "a.n.n.a.m.e.i.e.r@gmail.com",
        "anna.meier+shop@gmail.com",
        "annameier@googlemail.com",
        "a.nnameier+1+2@GoogleMail.com.",
        " annameier@gmail.com ",
        "\uff41nnameier@gmail.com",
    ],
)
def test_addresses_that_reach_one_google_mailbox_are_one(address: str) -> None:
    assert mailbox(address) == "annameier@gmail.com"


@pytest.mark.parametrize(
    ("address", "other"),
    [
        ("anna.meier@example.com", "annameier@example.com"),
        ("anna@example.com", "anna@example.org"),
        ("anna@gmail.com", "anne@gmail.com"),
        ("anna-1@example.com", "anna-2@example.com"),
        ("+1@example.com", "+2@example.com"),
    ],
)
def test_what_may_be_two_mailboxes_are_two(address: str, other: str) -> None:
    assert mailbox_digest(address) != mailbox_digest(other)


def test_a_tag_after_a_plus_makes_no_other_mailbox() -> None:
    assert mailbox("anna.meier+2@example.com") == mailbox("Anna.Meier@example.com")


@given(st.text())
def test_any_text_has_a_digest(address: str) -> None:
    assert len(mailbox_digest(address)) == 64


@given(local=st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){0,3}", fullmatch=True), tag=st.text("abc.+-", max_size=9))
def test_neither_dots_nor_tags_nor_case_make_another_google_mailbox(local: str, tag: str) -> None:
    plain = local.replace(".", "")
    assert mailbox_digest(f"{local.upper()}+{tag}@googlemail.com") == mailbox_digest(f"{plain}@gmail.com")
