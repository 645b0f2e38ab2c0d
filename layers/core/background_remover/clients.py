"""This deployment's clients of AWS. Each is made once per container, when it is first asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import get_session

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

# Short time-outs: within one request there is time for a second try, but not for the default minute of waiting.
# Connections for everything that the worker does at once.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)

session = cache(get_session)


def _client(service: str, config: Config) -> BaseClient:
    """From botocore itself: importing boto3 loads its transfer manager, which nothing here uses, for a tenth of a cold
    start."""
    return session().create_client(service, config=config)


@cache
def dynamodb() -> DynamoDBClient:
    return cast("DynamoDBClient", _client("dynamodb", _CONFIG))


@cache
def hurried_dynamodb() -> DynamoDBClient:
    """For what no request shall wait for: one try, of a second."""
    hurried = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    return cast("DynamoDBClient", _client("dynamodb", _CONFIG.merge(hurried)))


@cache
def s3() -> S3Client:
    # Links must name the bucket's own region, or S3 redirects to where their signature does not hold:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    # In us-east-1 as well, for the page's policy names one origin.
    links = Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    )
    return cast("S3Client", _client("s3", _CONFIG.merge(links)))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", _client("sqs", _CONFIG))


@cache
def secrets_manager() -> SecretsManagerClient:
    return cast("SecretsManagerClient", _client("secretsmanager", _CONFIG))


@cache
def lambdas() -> LambdaClient:
    """One try: what is invoked may take as long as a request may."""
    patient = Config(read_timeout=35, retries={"mode": "standard", "total_max_attempts": 1})
    return cast("LambdaClient", _client("lambda", _CONFIG.merge(patient)))


@cache
def codedeploy() -> Any:  # Its type hints are not installed, for one call.
    return _client("codedeploy", _CONFIG)
