"""Runs `remove`'s handler twice in this process and prints the second run's AWS calls: `dynamodb=2 s3=4 …`."""

import base64
import os
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from background_remover import clients

SERVICES = ("dynamodb", "s3", "sqs", "secretsmanager")
calls: Counter[str] = Counter()


def count(**call: Any) -> None:
    calls[call["model"].service_model.service_name] += 1


clients.session().register("before-call", count)

from functions.remove import app  # noqa: E402 its clients are made when it is imported

event = {
    "resource": "/api/background-remover/remove",
    "path": "/api/background-remover/remove",
    "httpMethod": "POST",
    "headers": {"Content-Type": "image/png"},
    "multiValueHeaders": {"Content-Type": ["image/png"]},
    "multiValueQueryStringParameters": {"tier": ["basic"]},
    "requestContext": {"requestId": "bench", "authorizer": {"userId": os.environ["USER_ID"]}},
    "isBase64Encoded": True,
}
context = SimpleNamespace(
    function_name="remove",
    memory_limit_in_mb=2048,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:remove",
    aws_request_id="bench",
    get_remaining_time_in_millis=lambda: 29_000,
)
for number in range(2):
    # Bytes behind its end make the same photo one that is not known.
    event["body"] = base64.b64encode(Path(sys.argv[1]).read_bytes() + bytes(number)).decode()
    calls.clear()
    answer: Any = app.handler(event, context)
    if answer["statusCode"] != 200:
        sys.exit(answer["body"])
print(*(f"{service}={calls[service]}" for service in SERVICES))
