"""The tables as template.yaml defines them, so that tests run against the keys that are deployed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags (`!Ref X`) as mappings from the tag to its argument."""


def _short_tag(loader: TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            return {tag: loader.construct_scalar(node)}
        case yaml.SequenceNode():
            return {tag: loader.construct_sequence(node, deep=True)}
        case _:
            raise ValueError(f"CloudFormation has no mapping behind !{tag}")


TemplateLoader.add_multi_constructor("!", _short_tag)


@cache
def resources() -> dict[str, Any]:
    """The template's resources by logical name."""
    template = yaml.load(TEMPLATE.read_text(), TemplateLoader)  # noqa: S506 - TemplateLoader is a SafeLoader
    return dict(template["Resources"])


def create_tables(client: DynamoDBClient) -> None:
    """Each table under its logical name, with the key schema that it is deployed with."""
    for name, resource in resources().items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            properties = resource["Properties"]
            client.create_table(
                TableName=name,
                BillingMode=properties["BillingMode"],
                AttributeDefinitions=properties["AttributeDefinitions"],
                KeySchema=properties["KeySchema"],
            )
