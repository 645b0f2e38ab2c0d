"""A second stack beside the one that all tests share: deployed, updated, not updated, and deleted, on the emulator.

It is the template as `sam deploy` uploaded it. What only AWS can show is a check list in docs/operations.md.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml
from botocore.exceptions import WaiterError

from tests.stack.local_stack import STACK, LocalStack

SECOND = "background-remover-2"


class SecondStack:
    def __init__(self, beside: LocalStack) -> None:
        self.emulator = beside.emulator
        self.cloudformation = beside.emulator.client("cloudformation")
        original = self.cloudformation.get_template(StackName=STACK, TemplateStage="Original")["TemplateBody"]
        self.template: dict[str, Any] = original if isinstance(original, dict) else yaml.safe_load(original)
        description = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self._parameters = {each["ParameterKey"]: each["ParameterValue"] for each in description["Parameters"]}

    def put(self, change: str, commit: str, **parameters: str) -> None:
        """`change` is create or update. Raises `WaiterError` where it fails and is taken back."""
        # The emulator transforms a template with its parameters' defaults only.
        self.template["Parameters"]["DeployedAt"]["Default"] = commit
        values = {**self._parameters, "Commit": commit, "HuggingFaceToken": "hf_second", **parameters}
        self._call(change, values)
        self.cloudformation.get_waiter(f"stack_{change}_complete").wait(
            StackName=SECOND, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
        )

    def _call(self, change: str, values: dict[str, str]) -> None:
        # As `sam deploy` does: it is too long to be sent along.
        s3 = self.emulator.client("s3")
        s3.create_bucket(Bucket=SECOND)
        s3.put_object(Bucket=SECOND, Key="template.json", Body=json.dumps(self.template).encode())
        getattr(self.cloudformation, f"{change}_stack")(
            StackName=SECOND,
            TemplateURL=f"https://s3.amazonaws.com/{SECOND}/template.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )

    @property
    def status(self) -> str:
        return str(self.cloudformation.describe_stacks(StackName=SECOND)["Stacks"][0]["StackStatus"])

    def resources(self) -> dict[str, str]:
        resources = self.cloudformation.describe_stack_resources(StackName=SECOND)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    def commit(self) -> str:
        url = f"{self.emulator.url}/_aws/execute-api/{self.resources()['Api']}/live/api/health"
        answer = requests.get(url, timeout=60)
        return str(answer.json()["commit"])

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=SECOND)
        self.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=SECOND, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
        )


@pytest.fixture
def second(stack: LocalStack) -> Iterator[SecondStack]:
    found = SecondStack(stack)
    yield found
    found.cloudformation.delete_stack(StackName=SECOND)


def test_a_stack_is_deployed_updated_taken_back_and_deleted_and_its_data_stays(
    stack: LocalStack, second: SecondStack
) -> None:
    second.put("create", "commit0001")
    made = second.resources()
    assert second.commit() == "commit0001"
    shared = set(stack.functions().values()) | {value for key, value in stack.outputs.items() if key != "ApiUrl"}
    assert not shared & set(made.values()), "two stacks in one region share nothing"
    dynamodb, s3 = stack.emulator.client("dynamodb"), stack.emulator.client("s3")
    item = {"pk": {"S": "somebody"}, "sk": {"S": "balance"}, "available": {"N": "500"}, "held": {"N": "0"}}
    dynamodb.put_item(TableName=made["CreditsTable"], Item=item)
    s3.put_object(Bucket=made["ImagesBucket"], Key="results/somebody/1.png", Body=b"a result")

    second.put("update", "commit0002", LogRetentionDays="7")
    assert second.commit() == "commit0002"

    second.template["Resources"]["Broken"] = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "DependsOn": ["HealthFunction", "JobsFunction"],
        "Properties": {"FunctionName": "nobody-made-this", "Qualifier": "live", "MaximumRetryAttempts": 0},
    }
    with pytest.raises(WaiterError):
        second.put("update", "commit0003")
    assert second.status == "UPDATE_ROLLBACK_COMPLETE"
    assert second.commit() == "commit0002"
    after = second.resources()
    for name in ("CreditsTable", "JobsTable", "SubscriptionsTable", "ApiKeysTable", "ImagesBucket", "UserPool"):
        assert after[name] == made[name]

    second.delete()

    found = dynamodb.get_item(TableName=made["CreditsTable"], Key={"pk": item["pk"], "sk": item["sk"]})
    assert found["Item"] == item
    assert s3.get_object(Bucket=made["ImagesBucket"], Key="results/somebody/1.png")["Body"].read() == b"a result"
    stack.emulator.client("cognito-idp").describe_user_pool(UserPoolId=made["UserPool"])
    secret = stack.emulator.client("secretsmanager").get_secret_value(SecretId=made["HuggingFaceTokenSecret"])
    assert secret["SecretString"] == "hf_second"
    with pytest.raises(stack.emulator.client("lambda").exceptions.ResourceNotFoundException):
        stack.emulator.client("lambda").get_function(FunctionName=made["HealthFunction"])
