"""Permissions: what a role grants, and what a call needs."""

import re
from collections.abc import Iterator
from typing import Any

from tests.contract.deployment import PAGE_BUCKET
from tests.contract.template import RESOURCES, statements_of

OWN_ARN: str = "arn:${AWS::Partition}:s3:::" + RESOURCES["ImagesBucket"]["Properties"]["BucketName"]["Fn::Sub"]
Permission = tuple[str, str]
"""An action and a resource: a logical id, for the bucket's objects with their prefix."""


def granted(function: str) -> set[Permission]:
    assert all(statement["Effect"] == "Allow" for statement in statements_of(function))
    return {
        (action, named(resource))
        for statement in statements_of(function)
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def named(resource: Any) -> str:
    """Raises `ValueError` for anything but a resource of this template or `*`."""
    match resource:
        case "*":
            return "*"
        case {"Fn::GetAtt": str(attribute)} if (name := attribute.partition(".")[0]) in RESOURCES:
            return name
        case {"Fn::Sub": "${JobsTable.Arn}/index/OverdueIndex"}:
            return "JobsTable/index/OverdueIndex"
        case {"Fn::Sub": "${RemoveFunction.Arn}:*"}:
            return "a version of RemoveFunction"
        case {"Fn::Sub": str(text)} if text.endswith(
            ":deploymentgroup:${AWS::StackName}-ServerlessDeploymentApplication-*/*"
        ):
            return "a deployment of this stack"
        case {"Fn::Sub": str(text)} if (own := text.replace(OWN_ARN, "${ImagesBucket.Arn}")) != text:
            return named({"Fn::Sub": own})
        case {"Fn::Sub": str(text)} if match := re.fullmatch(r"\$\{(\w+Bucket)\.Arn\}(/.+)?", text):
            return f"{match[1]}{match[2] or ''}"
        case _:
            raise ValueError(f"not a resource of this template: {resource}")


def permissions_for(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    """What IAM checks when the call is made: https://docs.aws.amazon.com/service-authorization/latest/reference/."""
    match operation:
        case "dynamodb:TransactWriteItems":
            for action in parameters["TransactItems"]:
                ((kind, write),) = action.items()
                yield f"dynamodb:{kind.removesuffix('Item')}Item", write["TableName"]
        case str() if parameters.get("Bucket") == PAGE_BUCKET:
            action = {"s3:ListObjectsV2": "s3:ListBucket", "s3:DeleteObjects": "s3:DeleteObject"}.get(
                operation, operation
            )
            yield action, "PageBucket" if action == "s3:ListBucket" else "PageBucket/*"
        case "s3:DeleteObjects":
            for item in parameters["Delete"]["Objects"]:
                yield "s3:DeleteObject", prefix_of(item["Key"])
        case "dynamodb:BatchWriteItem" | "dynamodb:BatchGetItem":
            # IAM knows the batch, not what is in it.
            yield from ((operation, table) for table in parameters["RequestItems"])
        case "dynamodb:Query" if "IndexName" in parameters:
            yield operation, f"{parameters['TableName']}/index/{parameters['IndexName']}"
        case "s3:CreateBucket":
            return  # Nothing is called: botocore finds the address of a presigned form by it.
        case "s3:ListObjectsV2":
            yield "s3:ListBucket", "ImagesBucket"
        case "s3:CopyObject":
            yield "s3:GetObject", prefix_of(parameters["CopySource"].partition("/")[2])
            yield "s3:PutObject", prefix_of(parameters["Key"])
        case "s3:CreateMultipartUpload" | "s3:UploadPart" | "s3:CompleteMultipartUpload":
            yield "s3:PutObject", prefix_of(parameters["Key"])
        case "s3:HeadObject":
            yield "s3:GetObject", prefix_of(parameters["Key"])
        case "s3:GetObject" | "s3:PutObject" | "s3:DeleteObject":
            yield operation, prefix_of(parameters["Key"])
        case "sqs:SendMessage":
            yield operation, parameters["QueueUrl"].rpartition("/")[2]
        case "lambda:Invoke" if parameters["FunctionName"] == "FetchImageFunction":
            yield "lambda:InvokeFunction", "FetchImageFunction"
        case "lambda:Invoke":
            assert parameters["FunctionName"] == "RemoveFunction.Version"
            yield "lambda:InvokeFunction", "a version of RemoveFunction"
        case "codedeploy:PutLifecycleEventHookExecutionStatus":
            yield operation, "a deployment of this stack"
        case "secretsmanager:GetSecretValue":
            yield operation, parameters["SecretId"]
        case _:
            yield operation, parameters["TableName"]


def prefix_of(key: str) -> str:
    return f"ImagesBucket/{key.partition('/')[0]}/*"
