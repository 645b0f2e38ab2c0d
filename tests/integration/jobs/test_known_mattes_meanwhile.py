"""What happens to the first job, or to whoever works, while the same photo comes again."""

from __future__ import annotations

import pytest
from moto import mock_aws

from background_remover.domain.credits import Balance
from background_remover.domain.image_errors import PhotoLostError
from background_remover.domain.job_errors import JobNotFoundError
from background_remover.domain.jobs import JobStatus
from background_remover.gateways.work_queue import message_for
from tests.integration.audit.auditing import audit
from tests.integration.jobs.account import TOKEN, Account, later, now
from tests.integration.jobs.interruptions import AnswerLostError, CrashError, Interruption, Interruptions, Moment
from tests.integration.jobs.test_known_mattes import SECOND, known_mattes, request
from tests.stack.hugging_face import HuggingFaceStandIn


@pytest.mark.parametrize("call", ["TransactWriteItems", "CopyObject results"])
def test_the_first_job_is_erased_at_the_same_moment(account: Account, call: str) -> None:
    first = account.remove(request())
    account.clock.advance(SECOND)
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(call, "before", lambda: account.erase(first)))
        again = account.remove(request())

    assert again.status is JobStatus.COMPLETED
    assert account.render(again).job_id == again.job_id
    with pytest.raises(JobNotFoundError):
        now(account, first)


@pytest.mark.parametrize("failure", [CrashError, AnswerLostError])
@pytest.mark.parametrize("call", ["CopyObject results", "CopyObject mattes", "CopyObject thumbnails"])
def test_a_request_that_dies_is_finished_by_the_worker_at_no_cost(
    account: Account, hub: HuggingFaceStandIn, call: str, failure: type[BaseException]
) -> None:
    account.remove(request())
    hub.forget_requests()
    account.clock.advance(SECOND)
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption(call, "after", failure))
        try:
            account.remove(request())
        except CrashError:
            later(account, minutes=3)
    (sent,) = account.sent
    later(account, minutes=3)

    done = account.process(sent.message)

    assert done
    assert (done.status, done.price) == (JobStatus.COMPLETED, 0)
    assert hub.requests == []
    assert account.balance() == Balance(available=47, held=0)


def test_a_free_job_whose_matte_is_erased_before_the_worker_comes_fails_instead_of_costing(
    account: Account, hub: HuggingFaceStandIn
) -> None:
    first = account.remove(request())
    hub.forget_requests()
    account.clock.advance(SECOND)
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("CopyObject results", "before", AnswerLostError))
        left = account.remove(request())
    account.erase(first)

    done = account.process(message_for(left))

    assert done
    assert done.failure
    assert (done.failure.code, done.price) == (PhotoLostError.code, 0)
    assert hub.requests == []
    assert account.balance() == Balance(available=47, held=0)
    assert audit(account).found == []


def test_two_that_come_at_once_are_both_paid_for_and_one_is_known(account: Account) -> None:
    first, second = (account.remove(request(respond_async=True)) for _ in range(2))
    with Interruptions(account) as interruptions:
        interruptions.arm(Interruption("PutObject results", "before", lambda: account.process(message_for(second))))
        account.process(message_for(first))

    assert (now(account, first).price, now(account, second).price) == (3, 3)
    assert len(known_mattes(account)) == 1


@pytest.mark.parametrize(("moment", "death"), [("before", CrashError), ("after", AnswerLostError)])
def test_a_free_request_ends_and_stays_free_wherever_it_dies(
    hub: HuggingFaceStandIn, moment: Moment, death: type[BaseException]
) -> None:
    calls = _lives_on(hub, None)
    assert sum(calls.values()) >= 9
    for call, times in calls.items():
        for occurrence in range(1, times + 1):
            _lives_on(hub, Interruption(call, moment, death, occurrence))


def _lives_on(hub: HuggingFaceStandIn, dies_at: Interruption | None) -> dict[str, int]:
    """The calls of the request that comes again, after which nothing is left to happen."""
    with mock_aws(), Account(hub, token=TOKEN) as account, Interruptions(account) as interruptions:
        account.remove(request())
        hub.forget_requests()
        account.clock.advance(SECOND)
        if dies_at:
            interruptions.arm(dies_at)
        else:
            interruptions.seen.clear()
        try:
            account.remove(request())
        except (CrashError, AnswerLostError):
            assert dies_at
        calls = {call: times for (call, moment), times in interruptions.seen.items() if moment == "before"}
        assert not interruptions.is_armed
        for _ in range(3):
            later(account, minutes=3)
            while account.sent:
                account.process(account.sent.pop(0).message)
        jobs, _ = account.jobs.page("anna", limit=10, cursor=None, status=None, tier=None)
        assert all(job.has_ended for job in jobs)
        assert account.balance() == Balance(available=47, held=0)
        assert hub.requests == []
        assert audit(account).found == []
    return calls
