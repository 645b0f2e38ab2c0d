"""What is quicker about moto here must not make it milder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.deployed_tables import create_tables
from tests.moto_client import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": "anna"}, "sk": {"S": "job"}}
HALF = {"S": "x" * 210_000}


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
        create_tables(client("dynamodb"))
        yield client("dynamodb")


def test_an_item_of_more_than_400_kb_is_not_put(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(ClientError, match="Item size has exceeded"):
        dynamodb.put_item(TableName="JobsTable", Item={**KEY, "photo": HALF, "matte": HALF})


def test_an_item_does_not_grow_beyond_400_kb(dynamodb: DynamoDBClient) -> None:
    dynamodb.put_item(TableName="JobsTable", Item={**KEY, "photo": HALF})
    with pytest.raises(ClientError, match="size"):
        change(dynamodb, "SET matte = :half")


def test_what_is_replaced_or_removed_makes_room(dynamodb: DynamoDBClient) -> None:
    dynamodb.put_item(TableName="JobsTable", Item={**KEY, "photo": HALF})
    change(dynamodb, "SET photo = :half")
    change(dynamodb, "REMOVE photo SET matte = :half")
    assert sorted(dynamodb.get_item(TableName="JobsTable", Key=KEY)["Item"]) == ["matte", "pk", "sk"]


def change(dynamodb: DynamoDBClient, expression: str) -> None:
    dynamodb.update_item(
        TableName="JobsTable", Key=KEY, UpdateExpression=expression, ExpressionAttributeValues={":half": HALF}
    )
