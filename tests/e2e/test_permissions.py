import json

from tests.e2e.caller import Caller
from tests.stack.local_stack import STACK, LocalStack


def test_a_function_without_its_grant_is_refused(stack: LocalStack, caller: Caller) -> None:
    """The emulator enforces IAM: without the statement for the table, the same request fails; with it, it works."""
    iam = stack.emulator.client("iam")
    role = stack.emulator.client("cloudformation").describe_stack_resource(
        StackName=STACK, LogicalResourceId="CreditsRole"
    )["StackResourceDetail"]["PhysicalResourceId"]
    policy = {"RoleName": role, "PolicyName": "credits"}
    granted = iam.get_role_policy(**policy)["PolicyDocument"]
    without = {
        **granted,
        "Statement": [each for each in granted["Statement"] if "dynamodb" not in json.dumps(each["Action"])],
    }
    assert len(without["Statement"]) < len(granted["Statement"])
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(without))
    try:
        refused = caller.get("credits")
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(granted))
    assert (refused.status_code, refused.json()["code"]) == (500, "internal_error")
    assert caller.get("credits").status_code == 200
