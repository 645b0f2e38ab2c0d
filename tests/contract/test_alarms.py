"""Alarms watch what is really counted."""

import ast
from collections.abc import Iterator

import pytest

from tests.contract.template import GLOBAL, PROJECT, properties_of

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
        alarm["Dimensions"] for alarm in ALARMS.values() if (alarm["Namespace"], alarm["MetricName"]) == LAMBDA_ERRORS
    ]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in watched


def test_an_alarm_on_a_metric_of_ours_watches_one_that_the_code_counts() -> None:
    variables = GLOBAL["Environment"]["Variables"]
    ours = [each for each in ALARMS.values() if each["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]]
    assert ours
    for alarm in ours:
        assert alarm["MetricName"] in set(counted())
        assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]


def test_every_alarm_tells_the_topic_if_there_is_one() -> None:
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert all(alarm["AlarmActions"] == told for alarm in ALARMS.values())


def counted() -> Iterator[str]:
    """The names in `count("Name")`."""
    for file in [*(PROJECT / "layers/core").rglob("*.py"), *(PROJECT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="count"), args=[ast.Constant(value=str(metric))]):
                    yield metric
