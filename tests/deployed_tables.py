"""The tables as template.yaml defines them, so that tests run against the keys that are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.template_yaml import properties_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_tables(client: DynamoDBClient) -> None:
    """Each table under its logical name, with the key schema that it is deployed with."""
    for name, table in properties_of("AWS::DynamoDB::Table").items():
        client.create_table(
            TableName=name,
            BillingMode=table["BillingMode"],
            AttributeDefinitions=table["AttributeDefinitions"],
            KeySchema=table["KeySchema"],
            **({"GlobalSecondaryIndexes": indexes} if (indexes := table.get("GlobalSecondaryIndexes")) else {}),
        )
