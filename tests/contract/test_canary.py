"""The template as AWS transforms it: which functions have versions, how they are tried, and what takes them back."""

import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from tests.contract.template import RESOURCES, TEMPLATE
from tests.project import PROJECT

UNVERSIONED = {"ReconcileFunction", "AuditFunction", "OnBillingEventFunction", "SmokeTestFunction", "WelcomeFunction"}
UNVERSIONED |= {"PublishPageFunction", "FetchImageFunction"}
"""What the clock, other systems, Cognito and CloudFormation call, and who fetches a URL for them: too seldom for five
minutes to say anything."""

AT_ONCE = {"OnUploadFunction"}
"""Its alias would wait for the alarms and the hook, which wait for the bucket, which waits for the alias."""

TRIED_BEFORE = {"AuthorizeFunction", "RemoveFunction", "ProcessImageFunction"}


class NoManagedPolicies(ManagedPolicyLoader):
    """The template names no policy that AWS would have to be asked about."""

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        return {}


@cache
def transformed(*, canary: str, deployed_at: str = "1795892400") -> dict[str, Any]:
    """The resources that SAM makes of the template; code lies in S3, as after `sam deploy`'s upload."""
    template = yaml_parse((PROJECT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            resource["Properties"][name] = f"s3://bucket/{resource['Properties'][name]}"
    parameters = {"Canary": canary, "DeployedAt": deployed_at}
    resources: dict[str, Any] = transform(deepcopy(template), parameters, NoManagedPolicies())["Resources"]
    return resources


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def aliased(resources: dict[str, Any]) -> dict[str, Any]:
    """The aliases by their functions."""
    return {
        each["Properties"]["FunctionName"]["Ref"]: each for each in of_type(resources, "AWS::Lambda::Alias").values()
    }


def group_of(function: str) -> dict[str, Any]:
    group: dict[str, Any] = transformed(canary="true")[f"{function}DeploymentGroup"]["Properties"]
    return group


FUNCTIONS = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::Serverless::Function"}
VERSIONED = sorted(FUNCTIONS - UNVERSIONED)
SHIFTED = sorted({*VERSIONED} - AT_ONCE)


def test_what_callers_and_photos_reach_is_called_by_the_alias_live() -> None:
    aliases = aliased(transformed(canary="false"))
    assert sorted(aliases) == VERSIONED
    assert {alias["Properties"]["Name"] for alias in aliases.values()} == {"live"}


def test_nothing_of_the_canary_is_there_unless_it_is_wanted() -> None:
    assert TEMPLATE["Parameters"]["Canary"]["Default"] == "false"
    resources = transformed(canary="false")
    assert [name for name, each in resources.items() if "CodeDeploy" in each["Type"]] == []
    assert not [alias for alias in aliased(resources).values() if "UpdatePolicy" in alias]
    conditional = {name for name, each in resources.items() if each.get("Condition") == "CanaryIsWanted"}
    assert conditional == {"SmokeTestFunction", "SmokeTestRole", "SmokeTestLogs", "CanaryRole", "NewVersionErrorAlarm"}


def test_each_deployment_makes_new_versions_though_only_a_layer_or_a_parameter_has_changed() -> None:
    def versions(deployed_at: str) -> set[str]:
        return set(of_type(transformed(canary="true", deployed_at=deployed_at), "AWS::Lambda::Version"))

    # Ten digits of the time are all that SAM makes names of.
    assert not versions("1795892400") & versions("1795892401")
    assert len(versions("1795892400")) == len(VERSIONED)


@pytest.mark.parametrize("function", SHIFTED)
def test_a_function_gets_a_tenth_of_its_calls_for_five_minutes(function: str) -> None:
    update = aliased(transformed(canary="true"))[function]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert update["DeploymentGroupName"] == {"Ref": f"{function}DeploymentGroup"}
    name, values = group_of(function)["DeploymentConfigName"]["Fn::Sub"]
    assert name.replace("${ConfigName}", values["ConfigName"]) == "CodeDeployDefault.LambdaCanary10Percent5Minutes"


@pytest.mark.parametrize("function", SHIFTED)
def test_an_alarm_or_a_failure_takes_a_version_back(function: str) -> None:
    group = group_of(function)
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(group["AutoRollbackConfiguration"]["Events"])
    condition, alarms, _ = group["AlarmConfiguration"]["Fn::If"]
    assert (condition, alarms["Enabled"]) == ("CanaryIsWanted", True)
    named = [alarm["Name"]["Ref"] for alarm in alarms["Alarms"]]
    assert set(named) >= {*users_are_affected(), "WorkerErrorAlarm", "NewVersionErrorAlarm"}
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-codedeploy-deploymentgroup-alarmconfiguration.html
    assert len(named) <= 10
    assert {RESOURCES[name]["Type"] for name in named} == {"AWS::CloudWatch::Alarm"}, "no composite ones"


def users_are_affected() -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", RESOURCES["UsersAreAffectedAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]))


def test_no_call_reaches_what_photos_meet_first_before_the_smoke_test_has_removed_one() -> None:
    hooks = {
        function: alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"].get("BeforeAllowTrafficHook")
        for function, alias in aliased(transformed(canary="true")).items()
        if function not in AT_ONCE
    }
    wanted = {"Fn::If": ["CanaryIsWanted", {"Ref": "SmokeTestFunction"}, {"Ref": "AWS::NoValue"}]}
    assert {function: hook for function, hook in hooks.items() if hook} == dict.fromkeys(TRIED_BEFORE, wanted)


def test_the_smoke_test_tries_the_version_that_the_alias_will_get() -> None:
    resources = transformed(canary="true")
    variables = resources["SmokeTestFunction"]["Properties"]["Environment"]["Variables"]
    version, _ = aliased(resources)["RemoveFunction"]["Properties"]["FunctionVersion"]["Fn::GetAtt"]
    assert variables["REMOVE_VERSION"] == {"Ref": version}


def test_codedeploy_may_move_this_stacks_aliases_call_the_hook_and_read_alarms() -> None:
    resources = transformed(canary="true")
    assert "CodeDeployServiceRole" not in resources, "SAM's, which may call any function that is named as a hook"
    role = RESOURCES["CanaryRole"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    alarms, aliases, hook = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert alarms["Action"] == "cloudwatch:DescribeAlarms"
    assert set(aliases["Action"]) == {"lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"}
    assert aliases["Resource"]["Fn::Sub"].endswith(":function:${AWS::StackName}-*")
    assert (hook["Action"], hook["Resource"]) == ("lambda:InvokeFunction", {"Fn::GetAtt": "SmokeTestFunction.Arn"})
    assert {group_of(function)["ServiceRoleArn"]["Fn::If"][1]["Fn::GetAtt"][0] for function in SHIFTED} == {
        "CanaryRole"
    }


def test_the_alarm_of_new_versions_counts_those_that_the_aliases_will_get() -> None:
    resources = transformed(canary="true")
    metrics = [each["MetricStat"]["Metric"] for each in resources["NewVersionErrorAlarm"]["Properties"]["Metrics"][1:]]
    versions = {}
    for metric in metrics:
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        function = dimensions["FunctionName"]["Ref"]
        assert dimensions["Resource"] == {"Fn::Sub": f"${{{function}}}:live"}
        versions[function] = dimensions["ExecutedVersion"]
    aliases = aliased(resources)
    assert versions == {function: aliases[function]["Properties"]["FunctionVersion"] for function in versions}
    assert set(versions) >= TRIED_BEFORE


@pytest.mark.parametrize("canary", ["true", "false"])
def test_no_resource_waits_for_itself(canary: str) -> None:
    """cfn-lint looks at the template with its defaults only, and knows nothing of what aliases wait for."""
    resources = transformed(canary=canary)
    graph = {name: set(references(resource)) & set(resources) for name, resource in resources.items()}
    assert list(TopologicalSorter(graph).static_order())


def references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(text)}:
            yield text.partition(".")[0]
        case {"Fn::Sub": text}:
            template, values = (text, {}) if isinstance(text, str) else text
            yield from (name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", template))
            yield from references(values)
        case dict():
            depends_on = value.get("DependsOn", [])
            yield from [depends_on] if isinstance(depends_on, str) else depends_on
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)
