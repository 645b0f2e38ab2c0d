"""Alarms watch what is really counted."""

import pytest

from tests.contract.template import properties_of

ALARMS = properties_of("AWS::CloudWatch::Alarm")
LAMBDA_ERRORS = ("AWS/Lambda", "Errors")


def test_an_alarm_watches_what_stays_in_the_dead_letter_queue() -> None:
    alarm = ALARMS["StuckLetterAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": "JobDeadLetterQueue.QueueName"}}]


@pytest.mark.parametrize(
    "function",
    ["ProcessImageFunction", "OnUploadFunction", "AssembleZipFunction", "ReconcileFunction", "AuditFunction"],
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
