from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from background_remover.gateways.api_keys import ApiKeys
from tests.deployed_tables import create_tables


@pytest.fixture
def keys() -> Iterator[ApiKeys]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        create_tables(client)
        yield ApiKeys(client, table="ApiKeysTable")
