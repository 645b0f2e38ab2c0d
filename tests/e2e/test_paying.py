"""Payments come through EventBridge, plans cover images, and callers see what they have."""

import json
import time

import pytest

from tests.e2e.caller import PATIENCE_SECONDS, Caller
from tests.e2e.conftest import SIGNUP_CREDITS
from tests.e2e.test_refusals import assert_refused
from tests.stack.local_stack import LocalStack


def await_balance(caller: Caller, available: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if caller.balance() == (available, 0):
            return
        time.sleep(0.2)
    raise AssertionError(f"the balance is {caller.balance()}")


def test_a_payment_for_credits_arrives_and_its_refund_takes_them_back(stack: LocalStack, caller: Caller) -> None:
    payment_id = caller.pay("--credits", "70")
    await_balance(caller, SIGNUP_CREDITS + 70)

    stack.operate("refund", "--user", caller.user.user_id, "--payment", payment_id)

    await_balance(caller, SIGNUP_CREDITS)


def test_an_event_that_does_not_fit_becomes_a_dead_letter_and_is_told_once_more(
    stack: LocalStack, caller: Caller
) -> None:
    sqs, queue = stack.emulator.client("sqs"), stack.outputs["BillingDeadLetterQueueUrl"]
    detail = {"paymentId": "odd", "userId": caller.user.user_id, "bought": {"kind": "credits", "credits": 5}}
    odd = {"detail-type": "payment.lost", "detail": detail}
    # As EventBridge does; the emulator's own EventBridge knows no retries and no dead letters.
    stack.emulator.client("lambda").invoke(
        FunctionName=stack.functions()["OnBillingEventFunction"], InvocationType="Event", Payload=json.dumps(odd)
    )
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    letter = json.loads(message["Body"])
    assert letter["requestPayload"] == odd
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    letter["requestPayload"]["detail-type"] = "payment.succeeded"
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(letter))

    assert stack.operate("redrive-billing") == "told once more of 1 events"

    await_balance(caller, SIGNUP_CREDITS + 5)


def test_a_plan_covers_images_that_then_cost_no_credits(caller: Caller) -> None:
    payment_id = caller.pay("--plan", "starter")
    assert caller.subscribe("starter", payment_id).status_code == 200

    job = caller.remove().json()

    shown = caller.get("subscription").json()["subscription"]
    assert (job["credits"], "coveredOn" in job, caller.balance()) == (0, True, (SIGNUP_CREDITS, 0))
    assert (shown["plan"], shown["today"]["used"], shown["today"]["quota"]) == ("starter", 1, 50)
    quote = caller.post("pricing/calculate", {"totalImages": 49, "tier": "basic"}).json()
    assert quote["withSubscription"] == {"covered": True, "leftToday": 49, "price": 0}
    stats = caller.get("stats").json()
    assert (stats["total"], stats["coveredImages"], stats["creditsSpent"]) == (1, 1, 0)
    assert stats["subscription"]["today"]["used"] == 1


def test_a_cancelled_plan_lasts_and_is_said_to_be_cancelled(caller: Caller) -> None:
    caller.subscribe("pro", caller.pay("--plan", "pro"))

    assert caller.delete("subscription").json()["subscription"]["cancelled"] is True
    assert caller.remove(tier="industry").json()["credits"] == 0


def test_what_images_cost_is_told_to_everybody(caller: Caller) -> None:
    quote = caller.post("pricing/calculate", {"totalImages": 33, "tier": "basic"}).json()
    assert (quote["unitPrice"], quote["discount"], quote["finalPrice"]) == (3, 4, 95)
    assert quote["withSubscription"] == {"covered": False, "leftToday": None, "price": 95}


@pytest.mark.parametrize("images", [-1, 0, 501])
def test_an_impossible_number_of_images_has_no_price(caller: Caller, images: int) -> None:
    answer = caller.post("pricing/calculate", {"totalImages": images, "tier": "basic"})
    assert_refused(answer, 422, "image_count_out_of_range")


def test_an_unknown_tier_has_no_price(caller: Caller) -> None:
    assert_refused(caller.post("pricing/calculate", {"totalImages": 1, "tier": "gold"}), 422, "unknown_tier")


def test_an_unknown_plan_cannot_be_had(caller: Caller) -> None:
    assert_refused(caller.post("subscription", {"plan": "gold", "paymentId": "p"}), 422, "unknown_plan")


def test_without_a_payment_there_is_no_plan(caller: Caller) -> None:
    assert_refused(caller.post("subscription", {"plan": "pro", "paymentId": "none"}), 404, "payment_not_found")
    assert caller.get("subscription").json()["subscription"] is None
    assert_refused(caller.delete("subscription"), 404, "subscription_not_found")


def test_a_payment_serves_its_payer_its_plan_and_one_subscription(caller: Caller, stranger: Caller) -> None:
    first, second = caller.pay("--plan", "starter"), caller.pay("--plan", "pro")
    assert caller.subscribe("starter", first).status_code == 200
    for_another_plan = caller.subscribe("starter", second)

    assert_refused(stranger.subscribe("pro", second), 403, "payment_of_another_user")
    assert_refused(for_another_plan, 409, "payment_for_something_else")
    assert caller.subscribe("pro", second).status_code == 200
    assert_refused(caller.subscribe("starter", first), 409, "payment_used")


def test_who_has_the_plan_already_is_told_so(caller: Caller) -> None:
    """The second payment was made before there was anything to renew."""
    first, second = caller.pay("--plan", "starter"), caller.pay("--plan", "starter")
    assert_refused(caller.subscribe("pro", second), 409, "payment_for_something_else")  # It has been told of.
    assert caller.subscribe("starter", first).status_code == 200

    assert_refused(caller.subscribe("starter", second), 409, "already_subscribed")
