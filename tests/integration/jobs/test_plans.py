"""Jobs that a plan pays for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from background_remover.domain.credit_errors import InsufficientCreditsError
from background_remover.domain.credits import Balance, purchase
from background_remover.domain.jobs import JobStatus
from background_remover.domain.subscriptions import Coverage, Usage
from background_remover.gateways.object_store import input_key
from background_remover.gateways.work_queue import message_for
from tests.integration.jobs.account import Account, photo, removal
from tests.integration.jobs.aws_account import NOON
from tests.integration.jobs.interruptions import Interruption, Interruptions
from tests.stack.hugging_face import Fault, HuggingFaceStandIn

TODAY = date(2026, 5, 4)


def usage(account: Account, day: date = TODAY) -> Usage:
    return account.subscriptions.usage("anna", day)


def use_up(account: Account, images: int, *, capped: int = 0) -> None:
    """As that many jobs of today have."""
    account.dynamodb.put_item(
        TableName="SubscriptionsTable",
        Item={
            "pk": {"S": "anna"},
            "sk": {"S": f"usage#{TODAY}"},
            "used": {"N": str(images)},
            "capped": {"N": str(capped)},
        },
    )


def test_a_covered_job_costs_no_credits(account: Account) -> None:
    account.subscribe("starter")

    job = account.remove(removal())

    assert (job.status, job.price, job.coverage) == (JobStatus.COMPLETED, 0, Coverage(TODAY, capped=False))
    assert (usage(account), account.balance()) == (Usage(1, 0), Balance(50, 0))
    assert account.movements() == [("bonus", 50, 0)]


def test_without_a_plan_credits_pay(account: Account) -> None:
    assert account.remove(removal()).price == 3
    assert usage(account) == Usage()


def test_a_tier_that_the_plan_does_not_have_is_paid_for_with_credits(account: Account) -> None:
    account.subscribe("starter")

    assert account.remove(removal(tier="professional")).price == 15
    assert usage(account) == Usage()


def test_when_the_quota_is_used_up_credits_pay(account: Account) -> None:
    account.subscribe("starter")
    use_up(account, 49)

    assert [account.remove(removal()).price for _ in range(2)] == [0, 3]


def test_the_upper_tiers_of_pro_are_capped(account: Account) -> None:
    account.subscribe("pro")
    use_up(account, 49, capped=49)

    prices = [account.remove(removal(tier=tier)).price for tier in ("professional", "professional", "basic")]

    assert prices == [0, 15, 0]
    assert usage(account) == Usage(51, 50)


def test_a_failed_job_gives_its_image_back_to_the_day_it_came_from(account: Account) -> None:
    account.subscribe("pro")
    job = account.remove(removal(tier="professional", respond_async=True))
    account.clock.advance(timedelta(hours=13))
    account.objects.delete([input_key(job)])

    account.process(message_for(job))

    assert account.jobs.get("anna", job.job_id).status is JobStatus.FAILED
    assert (usage(account), usage(account, date(2026, 5, 5))) == (Usage(0, 0), Usage())
    assert account.balance() == Balance(50, 0)


def test_a_repeat_of_a_failure_gives_nothing_back_twice(account: Account) -> None:
    account.subscribe("starter")
    job = account.remove(removal(respond_async=True))
    account.remove(removal())
    account.objects.delete([input_key(job)])

    for _ in range(3):
        account.process(message_for(job))

    assert usage(account) == Usage(1, 0)


def test_who_changes_the_plan_while_a_request_comes_in_is_covered_by_the_new_one(account: Account) -> None:
    account.subscribe("starter")

    def change_plan() -> None:
        account.subscribe("pro", payment_id="p2")

    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("TransactWriteItems", "before", change_plan))
        job = account.remove(removal())

    assert (job.price, usage(account)) == (0, Usage(1, 0))


def test_across_midnight_each_day_counts_its_own(account: Account) -> None:
    account.subscribe("starter")
    account.clock.now = NOON.replace(hour=23, minute=59, second=59)
    account.remove(removal())
    account.clock.advance(timedelta(seconds=1))
    account.remove(removal())
    account.remove(removal())

    assert (usage(account), usage(account, date(2026, 5, 5))) == (Usage(1, 0), Usage(2, 0))


def test_a_used_up_quota_is_there_again_after_midnight(account: Account) -> None:
    account.subscribe("starter")
    use_up(account, 50)
    account.clock.now = NOON.replace(day=5, hour=0)

    assert account.remove(removal()).price == 0


def test_a_plan_that_ended_covers_nothing(account: Account) -> None:
    account.subscribe("starter")
    account.clock.now = NOON.replace(month=6)

    assert account.remove(removal()).price == 3


def test_a_cancelled_plan_covers_until_its_period_ends(account: Account) -> None:
    account.subscribe("starter")
    account.subscribing().cancel("anna")

    account.clock.now = NOON.replace(month=6) - timedelta(seconds=1)
    assert account.remove(removal()).price == 0
    account.clock.advance(timedelta(seconds=1))
    assert account.remove(removal()).price == 3


def test_a_batch_that_the_quota_covers_whole_costs_nothing(account: Account) -> None:
    account.subscribe("starter")
    created = account.create_batch(photo(), photo())

    for job in created.jobs:
        account.process_and_close(message_for(job))

    batch = account.batches.get("anna", created.batch.batch_id)
    assert (batch.price, batch.charged, batch.released, batch.completed) == (0, 0, 0, 2)
    assert (usage(account), account.balance()) == (Usage(2, 0), Balance(50, 0))


def test_a_batch_that_the_quota_does_not_cover_whole_is_paid_for_whole(account: Account) -> None:
    account.subscribe("starter")
    use_up(account, 49)

    created = account.create_batch(photo(), photo())

    assert ([job.price for job in created.jobs], usage(account)) == ([3, 3], Usage(49, 0))
    assert account.balance() == Balance(44, 6)


def test_a_batch_that_neither_quota_nor_credits_cover_leaves_nothing_behind(account: Account) -> None:
    account.subscribe("starter")
    use_up(account, 49)

    with pytest.raises(InsufficientCreditsError):
        account.create_batch(*[photo()] * 17)

    assert (account.items("JobsTable"), usage(account)) == ([], Usage(49, 0))


def test_a_cancelled_batch_gives_its_images_back(account: Account) -> None:
    account.subscribe("pro")
    created = account.create_batch(*[None] * 120)

    account.cancel_batch(created.batch.batch_id)

    assert usage(account) == Usage(0, 0)


def test_a_dropped_file_is_covered_too(account: Account) -> None:
    account.subscribe("starter")
    account.balance()

    account.receive(account.written("dropbox/anna/basic/a.png", photo()))

    assert (usage(account), account.balance()) == (Usage(1, 0), Balance(50, 0))


def test_a_covered_job_that_hugging_face_fails_is_counted_as_failed(account: Account, hub: HuggingFaceStandIn) -> None:
    account.subscribe("starter")
    hub.play(Fault("unprocessable"))

    account.remove(removal())

    counted = account.statistics.of("anna")
    assert (counted.ended, counted.covered) == ({("failed", "basic"): 1}, 0)
    assert usage(account) == Usage(0, 0)


def test_statistics_tell_what_was_paid_for_how(account: Account) -> None:
    account.ledger.grant("anna", purchase(100), reference="r", now=NOON)
    account.remove(removal(tier="standard"))
    account.subscribe("starter")
    account.remove(removal())

    counted = account.statistics.of("anna")

    assert counted.ended == {("completed", "standard"): 1, ("completed", "basic"): 1}
    assert (counted.credits, counted.covered) == (8, 1)


def test_a_repeat_counts_nothing_twice(account: Account) -> None:
    job = account.remove(removal(respond_async=True))

    for _ in range(3):
        account.process(message_for(job))

    assert account.statistics.of("anna").count() == 1


def test_a_refused_file_is_counted_once(account: Account) -> None:
    account.balance()
    file = account.written("dropbox/anna/gold/a.png", photo())

    for _ in range(3):
        account.receive(file)

    assert account.statistics.of("anna").ended == {("failed", "gold"): 1}
