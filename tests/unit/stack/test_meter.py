import asyncio
import json
from typing import Any

import pytest

from tests.stack.emulated_aws import Meter, metered, operation_of

FUNCTION = {"authorization": "AWS4-HMAC-SHA256 Credential=ASIAFUNCTION/20261124/us-east-1/dynamodb/aws4_request"}
ROOT = {"authorization": "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/dynamodb/aws4_request"}


def call(meter: Meter, headers: dict[str, str], operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What the emulator's handler got for a body."""
    received: dict[str, Any] = {}

    async def handler(_method: str, _path: str, _headers: object, body: bytes, _query: object) -> Any:
        received.update(json.loads(body))
        return 200, {}, json.dumps(answer).encode()

    target = {"x-amz-target": f"DynamoDB_20120810.{operation}", **headers}
    asyncio.run(metered("dynamodb", handler, meter)("POST", "/", target, b'{"TableName": "jobs"}', {}))
    return received


def test_what_a_function_writes_is_metered_in_request_units() -> None:
    meter = Meter()
    consumed = [{"TableName": "jobs", "CapacityUnits": 4.0}, {"TableName": "credits", "CapacityUnits": 2.0}]

    received = call(meter, FUNCTION, "TransactWriteItems", {"ConsumedCapacity": consumed})

    assert received["ReturnConsumedCapacity"] == "TOTAL"
    assert (meter.calls, meter.write_units, meter.read_units) == ({"dynamodb:TransactWriteItems": 1}, 6.0, 0.0)


def test_what_a_function_reads_is_metered_apart() -> None:
    meter = Meter()

    call(meter, FUNCTION, "GetItem", {"ConsumedCapacity": {"TableName": "jobs", "CapacityUnits": 0.5}})

    assert (meter.read_units, meter.write_units) == (0.5, 0.0)


def test_a_refused_write_counts_as_a_call() -> None:
    meter = Meter()

    call(meter, FUNCTION, "UpdateItem", {"__type": "ConditionalCheckFailedException"})

    assert (meter.calls.total(), meter.write_units) == (1, 0.0)


def test_the_accounts_root_looks_for_nothing() -> None:
    meter = Meter()

    received = call(meter, ROOT, "GetItem", {})

    assert (meter.calls.total(), "ReturnConsumedCapacity" in received) == (0, False)


@pytest.mark.parametrize(
    ("method", "headers", "query", "operation"),
    [
        ("PUT", {}, {}, "PUT"),
        ("PUT", {"x-amz-copy-source": "images/a"}, {}, "COPY"),
        ("GET", {}, {}, "GET"),
        ("GET", {}, {"list-type": ["2"]}, "LIST"),
        ("POST", {}, {"uploads": [""]}, "POST"),
        ("POST", {}, {"delete": [""]}, "DELETE"),
    ],
)
def test_s3_is_metered_by_what_it_asks_for(
    method: str, headers: dict[str, str], query: dict[str, Any], operation: str
) -> None:
    assert operation_of("s3", method, headers, query) == operation
