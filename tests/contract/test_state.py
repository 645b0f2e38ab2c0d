"""What holds data outlives its stack, and no name is another stack's."""

import re
from typing import Any

from tests.contract.template import RESOURCES

HOLDS_DATA = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Cognito::UserPool", "AWS::SecretsManager::Secret"}
MADE_ANEW = {"PageBucket", "LimitsTable"}
"""What the one holds is part of the code, what the other holds counts for minutes."""
# Of the properties by which a resource is called. An API's name is for people: several may share it.
NAMES = {"BucketName", "TableName", "QueueName", "FunctionName", "RoleName", "AlarmName", "LogGroupName", "LayerName"}
NAMES |= {"UserPoolName", "ClientName", "DashboardName", "Name"}
GLOBAL = {"AWS::S3::Bucket": {"AWS::AccountId", "AWS::Region"}, "AWS::CloudWatch::Dashboard": {"AWS::Region"}}
"""Of the types whose names more than one region or account share, what a name must hold besides the stack's."""


def test_what_holds_data_is_kept_when_its_stack_goes_or_replaces_it() -> None:
    kept = {
        name
        for name, each in RESOURCES.items()
        if each.get("DeletionPolicy") == "RetainExceptOnCreate" and each.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == {name for name, each in RESOURCES.items() if each["Type"] in HOLDS_DATA} - MADE_ANEW


def test_every_name_that_is_given_has_the_stacks_in_it_and_what_else_makes_it_the_only_one() -> None:
    named = {
        name: (each["Type"], value)
        for name, each in RESOURCES.items()
        for key, value in each.get("Properties", {}).items()
        if key in NAMES and each["Type"] not in ("AWS::Serverless::Api", "AWS::Lambda::Permission")
    }
    assert set(named) == {"ImagesBucket", "BillingEventBus", "Dashboard"}
    for kind, value in named.values():
        assert parts_of(value) == {"AWS::StackName"} | GLOBAL.get(kind, set())


def parts_of(value: Any) -> set[str]:
    return set(re.findall(r"\$\{([^}]+)\}", value["Fn::Sub"]))
