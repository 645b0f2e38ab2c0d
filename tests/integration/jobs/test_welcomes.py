"""The credits of a welcome: once per user and per mailbox, so many a day, in one transaction with the account."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from background_remover.domain.addresses import mailbox
from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance, purchase
from background_remover.gateways.credit_ledger import CreditLedger
from background_remover.gateways.job_intake import JobIntake
from background_remover.gateways.payer import Payer
from background_remover.gateways.welcomes import Welcomes
from background_remover.use_cases.welcome import welcome
from tests.integration.jobs.account import TOKEN, Account
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions
from tests.integration.jobs.money import items
from tests.integration.jobs.test_job_store import job
from tests.stack.hugging_face import HuggingFaceStandIn

CREDITS = 50
TOMORROW = NOON + timedelta(days=1)


@dataclass
class Service:
    """As it is deployed: accounts open without credits, and one function welcomes."""

    account: Account
    a_day: int = 100
    ledger: CreditLedger = field(init=False)
    intake: JobIntake = field(init=False)

    def __post_init__(self) -> None:
        client = self.account.dynamodb
        self.ledger = CreditLedger(client, table="CreditsTable")
        payer = Payer(client, ledger=self.ledger, subscriptions=self.account.subscriptions)
        self.intake = JobIntake(
            client, table="JobsTable", payer=payer, outbox=self.account.outbox, jobs=self.account.jobs
        )

    def sign_in(self, user_id: str, address: str | None, now: datetime = NOON) -> None:
        welcomes = Welcomes(
            self.account.dynamodb, ledger=self.ledger, table="SubscriptionsTable", credits=CREDITS, a_day=self.a_day
        )
        welcome(welcomes, user_id, address, now)

    def balance(self, user_id: str) -> Balance | None:
        return self.ledger.existing_balance(user_id)


@pytest.fixture
def service(account: Account) -> Service:
    return Service(account)


def given_credits() -> Counter[str]:
    """How often each user got the credits, having seen that every balance is the sum of its ledger."""
    found = items("CreditsTable")
    entries = [item for item in found if item["sk"].startswith("entry#")]
    for balance in (item for item in found if item["sk"] == "balance"):
        assert balance["available"] == sum(each["available"] for each in entries if each["pk"] == balance["pk"])
    return Counter(entry["pk"] for entry in entries if entry["reference"] == "signup")


def test_a_first_sign_in_opens_the_account_with_credits(service: Service) -> None:
    service.sign_in("anna", "anna@example.com")

    assert service.balance("anna") == Balance(available=CREDITS, held=0)
    assert given_credits() == {"anna": 1}


def test_later_sign_ins_change_nothing_even_with_another_address(service: Service) -> None:
    service.sign_in("anna", "anna@example.com")
    service.sign_in("anna", "anna@example.com", TOMORROW)
    service.sign_in("anna", "new@example.com", TOMORROW)

    assert given_credits() == {"anna": 1}


def test_a_second_user_of_the_same_mailbox_gets_nothing(service: Service) -> None:
    service.sign_in("anna", "anna.meier@gmail.com")
    service.sign_in("eve", "annameier+2@googlemail.com", TOMORROW)

    assert given_credits() == {"anna": 1}


def test_without_a_verified_address_there_are_no_credits_until_there_is_one(service: Service) -> None:
    service.sign_in("anna", None)
    assert given_credits() == {}

    service.sign_in("anna", "anna@example.com", TOMORROW)
    assert given_credits() == {"anna": 1}


def test_a_user_without_credits_has_an_account_and_is_told_what_is_missing(service: Service) -> None:
    with pytest.raises(InsufficientCreditsError) as refusal:
        service.intake.submit(job(tier="standard"), None, NOON)

    assert refusal.value.detail == "This costs 8 credits and you have 0 available."
    assert service.balance("anna") == Balance(available=0, held=0)


def test_an_account_that_was_opened_before_the_first_sign_in_gets_its_credits_then(service: Service) -> None:
    service.ledger.grant("anna", purchase(20), reference="paid", now=NOON)

    service.sign_in("anna", "anna@example.com", TOMORROW)
    service.sign_in("anna", "anna@example.com", TOMORROW)

    assert service.balance("anna") == Balance(available=20 + CREDITS, held=0)
    assert given_credits() == {"anna": 1}


def test_an_account_of_before_there_were_welcomes_gets_no_second_one(service: Service) -> None:
    before = {"pk": {"S": "anna"}, "sk": {"S": "balance"}, "available": {"N": "0"}, "held": {"N": "0"}}
    service.account.dynamodb.put_item(TableName="CreditsTable", Item=before)

    service.sign_in("anna", "anna@example.com")

    assert given_credits() == {}


def test_a_day_has_so_many_welcomes_and_the_others_get_theirs_on_another(service: Service) -> None:
    service.a_day = 2
    for user in ("anna", "ben", "cleo"):
        service.sign_in(user, f"{user}@example.com")
    assert given_credits() == {"anna": 1, "ben": 1}

    service.sign_in("cleo", "cleo@example.com", TOMORROW)
    assert given_credits() == {"anna": 1, "ben": 1, "cleo": 1}


def test_who_is_refused_takes_nothing_of_the_day(service: Service) -> None:
    service.a_day = 2
    service.sign_in("anna", "anna@example.com")
    for number in range(5):
        service.sign_in(f"eve{number}", f"anna+{number}@example.com")

    service.sign_in("ben", "ben@example.com")

    assert given_credits() == {"anna": 1, "ben": 1}


def test_no_address_is_stored(service: Service) -> None:
    service.sign_in("anna", "somebody@example.com")

    stored = repr([*items("CreditsTable"), *items("SubscriptionsTable")])
    assert "somebody" not in stored
    assert "example.com" not in stored


users = st.sampled_from(["anna", "ben"])
addresses = st.sampled_from(["a.b@gmail.com", "ab+1@googlemail.com", "c@example.com", "d@example.com", None])
calls = st.sampled_from(["GetItem", "TransactWriteItems"])
deaths = st.none() | st.builds(
    Interruption, calls, st.sampled_from(["before", "after"]), st.sampled_from([CrashError, AnswerLostError])
)
days = st.integers(0, 2).map(lambda day: NOON + timedelta(days=day))

sign_ins = st.tuples(users, addresses, days, deaths)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(sign_ins | sign_ins | users, min_size=3, max_size=12), a_day=st.integers(1, 3))
def test_whatever_happens_nobody_is_welcomed_twice(
    hub: HuggingFaceStandIn,
    steps: list[tuple[str, str | None, datetime, Interruption | None] | str],
    a_day: int,
) -> None:
    """Sign-ins that die, are repeated, share a mailbox or change it, and accounts that are opened by requests."""
    with mock_aws(), Account(hub, token=TOKEN) as account, Interruptions(account) as interruptions:
        service = Service(account, a_day)
        mailboxes_tried: set[str] = set()
        days_tried: set[str] = set()
        for step in steps:
            if isinstance(step, str):
                service.ledger.balance(step, NOON)
                continue
            user, address, now, death = step
            if address:
                mailboxes_tried.add(mailbox(address))
                days_tried.add(now.date().isoformat())
            if death:
                interruptions.arm(death)
            with suppress(CrashError, AnswerLostError):
                service.sign_in(user, address, now)
            interruptions.disarm()

        welcomed = given_credits()
        counted = [item for item in items("SubscriptionsTable") if item["sk"] == "welcomes"]
        known = [item for item in items("SubscriptionsTable") if item["sk"] == "welcome"]
        assert set(welcomed.values()) <= {1}
        assert len(welcomed) == len(known) == sum(item["given"] for item in counted)
        assert len(welcomed) <= min(len(mailboxes_tried), a_day * len(days_tried))
        assert all(item["given"] <= a_day for item in counted)
