"""Endpoints are kept awake only where an operator says when, and by nothing but a message to the worker."""

import json

import pytest

from background_remover.domain.tiers import Model
from background_remover.gateways.work_queue import WakeMessage, parse
from tests.contract.deployment import Deployment, event
from tests.contract.template import PARAMETERS, RESOURCES, TEMPLATE, properties_of

SCHEDULES = properties_of("AWS::Scheduler::Schedule")


def test_each_model_has_its_schedule() -> None:
    assert {parse(each["Target"]["Input"]) for each in SCHEDULES.values()} == {WakeMessage(model) for model in Model}


@pytest.mark.parametrize(("schedule", "parameter"), [("KeepRmbg14Awake", "Rmbg14"), ("KeepRmbg20Awake", "Rmbg20")])
def test_a_schedule_is_there_for_an_endpoint_in_hours_that_are_configured(schedule: str, parameter: str) -> None:
    condition = RESOURCES[schedule]["Condition"]
    assert TEMPLATE["Conditions"][condition]["Fn::And"] == [
        {"Condition": "KeepsAwake"},
        {"Condition": f"{parameter}IsServed"},
        {"Fn::Equals": [{"Ref": f"{parameter}Dialect"}, "endpoint"]},
    ]
    assert PARAMETERS["KeepAwakeHours"]["Default"] == ""
    assert SCHEDULES[schedule]["ScheduleExpressionTimezone"] == {"Ref": "KeepAwakeTimeZone"}


def test_schedules_may_send_to_the_job_queue_and_do_nothing_else() -> None:
    role = RESOURCES["KeepAwakeRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    queue = {"Fn::GetAtt": "JobQueue.Arn"}
    assert statement == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    assert [each["Target"]["Arn"] for each in SCHEDULES.values()] == [queue, queue]


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_batch_whose_files_are_still_to_come_has_its_endpoint_woken_by_the_worker(deployment: Deployment) -> None:
    request = event("batch")
    request["body"] = json.dumps({**json.loads(request["body"]), "tier": "basic"})
    assert deployment.invoke("BatchFunction", request)["statusCode"] == 201
    (sent,) = [call["MessageBody"] for name, call in deployment.calls_of("BatchFunction") if name == "sqs:SendMessage"]
    delivery = event("process_image")
    delivery["Records"][0]["body"] = sent

    assert deployment.invoke("ProcessImageFunction", delivery) == {"batchItemFailures": []}

    (asked,) = deployment.hugging_face.requests
    assert (asked.method, asked.path) == ("GET", "/models/briaai/RMBG-1.4")
