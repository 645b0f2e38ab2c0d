"""Alarms watch what is really counted, and each goes off by its cause."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import boto3
import pytest

from tests.contract.cloudwatch import ALARMS, goes_off
from tests.contract.deployment import USER, event
from tests.contract.template import RESOURCES
from tests.contract.watched import Watched
from tests.stack.hugging_face import Fault

LAMBDA_ERRORS = ("AWS/Lambda", "Errors")
AN_HOUR = timedelta(hours=1)


# ---- causes --------------------------------------------------------------------------------------------------------


def photos_fail(watched: Watched) -> None:
    watched.remove(18)
    watched.deployment.hugging_face.play(Fault("wrong_size", times=4))
    watched.remove(2)


def hugging_face_limits_us(watched: Watched) -> None:
    watched.remove(20)
    watched.deployment.hugging_face.play(Fault("rate_limited", times=10, retry_after=60))
    watched.remove(10)


def hugging_face_refuses_us(watched: Watched) -> None:
    watched.deployment.hugging_face.play(Fault("payment_required"))
    watched.remove()


def one_photo_in_ten_is_slow(watched: Watched) -> None:
    watched.remove(9)
    watched.note("ProcessingSeconds", 11.0)


def the_model_has_become_dearer(watched: Watched) -> None:
    with patch.dict(os.environ, {"HF_RMBG_2_0_DOLLARS": "0.1"}):
        watched.remove()


def lose_the_tables() -> None:
    dynamodb = boto3.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=table)


def fails(function: str, name: str) -> Callable[[Watched], None]:
    """What the function does without its tables."""

    def play(watched: Watched) -> None:
        lose_the_tables()
        watched.invoke(function, event(name))

    return play


def five_requests_fail(watched: Watched) -> None:
    lose_the_tables()
    for _ in range(5):
        watched.request("CreditsFunction", event("credits"))


def a_message_becomes_a_dead_letter(watched: Watched) -> None:
    watched.deployment.queue_job()
    watched.invoke("ReconcileFunction", event("dead_letter"))


def a_job_gets_stuck(watched: Watched) -> None:
    watched.deployment.queue_batch(1, age=7 * AN_HOUR)
    watched.invoke("ReconcileFunction", event("reconcile"))


def messages_wait_in(queue: str) -> Callable[[Watched], None]:
    def play(watched: Watched) -> None:
        sqs = boto3.client("sqs")
        sqs.send_message(QueueUrl=sqs.create_queue(QueueName=queue)["QueueUrl"], MessageBody="{}")
        watched.look_at_queue(queue, datetime.now(UTC) + AN_HOUR)

    return play


def a_balance_is_changed_by_hand(watched: Watched) -> None:
    watched.deployment.queue_job()
    spoiled = {"pk": {"S": USER}, "sk": {"S": "balance"}, "available": {"N": "41"}, "held": {"N": "8"}}
    boto3.client("dynamodb").put_item(TableName="CreditsTable", Item=spoiled)
    watched.invoke("AuditFunction", event("audit"))


def credits_are_refunded_that_were_spent(watched: Watched) -> None:
    watched.invoke("OnBillingEventFunction", event("payment_succeeded"))
    spent = {"pk": {"S": USER}, "sk": {"S": "balance"}, "available": {"N": "0"}, "held": {"N": "0"}}
    boto3.client("dynamodb").put_item(TableName="CreditsTable", Item=spent)
    watched.invoke("OnBillingEventFunction", event("payment_refunded"))


def an_invocation_makes_no_sense(watched: Watched) -> None:
    watched.invoke("FetchImageFunction", {})


CAUSES: dict[str, Callable[[Watched], None]] = {
    "SuccessAlarm": photos_fail,
    "RateLimitAlarm": hugging_face_limits_us,
    "MisconfigurationAlarm": hugging_face_refuses_us,
    "ProcessingTimeAlarm": one_photo_in_ten_is_slow,
    "CostAlarm": the_model_has_become_dearer,
    "WorkerErrorAlarm": fails("ProcessImageFunction", "process_image"),
    "IntakeErrorAlarm": fails("OnUploadFunction", "on_upload"),
    "ArchiveErrorAlarm": fails("AssembleZipFunction", "assemble_zip"),
    "ReconcileErrorAlarm": fails("ReconcileFunction", "reconcile"),
    "WebhookErrorAlarm": fails("DeliverWebhookFunction", "deliver_webhook"),
    "FetchErrorAlarm": an_invocation_makes_no_sense,
    "AuditErrorAlarm": fails("AuditFunction", "audit"),
    "NewVersionErrorAlarm": fails("ProcessImageFunction", "process_image"),
    "ServerErrorAlarm": five_requests_fail,
    "DeadLetterAlarm": a_message_becomes_a_dead_letter,
    "AbandonedAlarm": a_job_gets_stuck,
    "StuckLetterAlarm": messages_wait_in("JobDeadLetterQueue"),
    "WaitingAlarm": messages_wait_in("JobQueue"),
    "BillingDeadLetterAlarm": messages_wait_in("BillingDeadLetterQueue"),
    "LedgerDiffersAlarm": a_balance_is_changed_by_hand,
    "RefundShortfallAlarm": credits_are_refunded_that_were_spent,
}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_goes_off_by_its_cause_and_not_by_a_photo_that_is_delivered(alarm: str, watched: Watched) -> None:
    watched.remove()
    watched.request("CreditsFunction", event("credits"))
    assert not goes_off(alarm, watched.metrics())

    CAUSES[alarm](watched)

    assert goes_off(alarm, watched.metrics())


def test_the_success_alarm_stays_quiet_where_photos_are_too_few_to_tell(watched: Watched) -> None:
    assert not goes_off("SuccessAlarm", {}), "nobody asks"
    watched.remove(18)
    watched.deployment.hugging_face.play(Fault("wrong_size", times=2))
    watched.remove(1)
    assert not goes_off("SuccessAlarm", watched.metrics())


def test_the_rate_limit_alarm_stays_quiet_without_a_429(watched: Watched) -> None:
    watched.remove(20)
    assert watched.total("HuggingFaceAnswers") >= 50
    assert not goes_off("RateLimitAlarm", watched.metrics())


def test_the_processing_time_alarm_stays_quiet_where_the_slowest_takes_nine_seconds(watched: Watched) -> None:
    watched.remove(9)
    watched.note("ProcessingSeconds", 9.0)
    assert not goes_off("ProcessingTimeAlarm", watched.metrics())


def test_users_are_affected_where_an_alarm_of_theirs_goes_off() -> None:
    rule = RESOURCES["UsersAreAffectedAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]
    named = re.findall(r'ALARM\("\$\{(\w+)\}"\)', rule)
    assert re.sub(r'ALARM\("\$\{\w+\}"\)', "A", rule).split() == ["A", *["OR", "A"] * (len(named) - 1)]
    assert set(named) <= set(ALARMS)


# ---- wiring --------------------------------------------------------------------------------------------------------


def test_an_alarm_watches_what_stays_in_the_dead_letter_queue() -> None:
    alarm = ALARMS["StuckLetterAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": "JobDeadLetterQueue.QueueName"}}]


@pytest.mark.parametrize(
    "function",
    [
        *("ProcessImageFunction", "FetchImageFunction", "OnUploadFunction", "AssembleZipFunction"),
        "DeliverWebhookFunction",
        *("ReconcileFunction", "AuditFunction"),
    ],
)
def test_an_alarm_watches_the_errors_of_every_function_that_no_caller_waits_for(function: str) -> None:
    watched = [
        alarm["Dimensions"]
        for alarm in ALARMS.values()
        if (alarm.get("Namespace"), alarm.get("MetricName")) == LAMBDA_ERRORS
    ]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in watched


def test_every_alarm_tells_the_topic_if_there_is_one() -> None:
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert all(alarm["AlarmActions"] == told for alarm in ALARMS.values())
