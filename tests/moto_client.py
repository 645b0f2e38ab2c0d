"""Clients of AWS for tests inside moto's `mock_aws`."""

from functools import cache
from typing import Any, Literal

import boto3
from botocore.config import Config


@cache
def client(service: Literal["dynamodb", "s3", "sqs", "secretsmanager", "lambda"], region: str = "eu-central-1") -> Any:
    """Made once: that takes longer than most tests. Event handlers of a test are to be taken off again."""
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
