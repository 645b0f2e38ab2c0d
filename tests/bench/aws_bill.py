"""What AWS would ask for what a deployment did: what the emulator metered, at the prices of us-east-1."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stack.local_stack import LocalStack

# US dollars in us-east-1, as of June 2026, without free tiers.
# https://aws.amazon.com/lambda/pricing/ (arm64) and likewise for the others.
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334
DYNAMODB_READ_UNIT = 0.125e-6
DYNAMODB_WRITE_UNIT = 0.625e-6
S3_WRITE = 5e-6  # PUT, COPY, POST, LIST; DELETE is free
S3_READ = 0.4e-6
SQS_REQUEST = 0.50e-6  # a standard queue's 0.40 and 0.10 for fair queues
SECRET_READ = 5e-6
API_REQUEST = 3.50e-6
XRAY_TRACE = 5e-6
LOGGED_GB = 0.50

# Of the traced invocations, those beyond the first in each second:
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
XRAY_SAMPLED = 0.05
# Lambda's poller receives and deletes the messages of an invocation, each in one request.
SQS_REQUESTS_PER_INVOCATION = 2
REPORT = re.compile(r"REPORT .*\tDuration: (?P<duration>[\d.]+) ms\t.*Memory Size: (?P<memory>\d+) MB")
POLLED_FUNCTIONS = ("ProcessImageFunction", "AssembleZipFunction", "ReconcileFunction")


@dataclass(frozen=True, slots=True)
class Invocation:
    function: str
    milliseconds: float
    memory_mb: int


class Bill:
    """Of everything from its making until it is read, but for what is kept and what goes out."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._since = int(time.time() * 1000)
        stack.emulator.forget_metered()

    def calls(self) -> int:
        """To DynamoDB, S3, SQS and Secrets Manager, by the functions and by who uploads."""
        return self._stack.emulator.metered().calls.total()

    def invocations(self) -> list[Invocation]:
        return [
            Invocation(function, float(match["duration"]), int(match["memory"]))
            for function, messages in self._logged().items()
            for message in messages
            if (match := REPORT.match(message))
        ]

    def dollars(self, *, api_requests: int) -> dict[str, float]:
        """By service. `api_requests`: what the caller asked of the API; how often it asks for the end is up to it."""
        metered, invocations = self._stack.emulator.metered(), self.invocations()
        s3 = {name.partition(":")[2]: count for name, count in metered.calls.items() if name.startswith("s3:")}
        sent = sum(count for name, count in metered.calls.items() if name.startswith("sqs:"))
        polled = sum(each.function in POLLED_FUNCTIONS for each in invocations)
        gb_seconds = sum(each.milliseconds / 1000 * each.memory_mb / 1024 for each in invocations)
        logged = sum(len(message.encode()) for messages in self._logged().values() for message in messages)
        return {
            "lambda": len(invocations) * LAMBDA_REQUEST + gb_seconds * LAMBDA_GB_SECOND,
            "dynamodb": metered.read_units * DYNAMODB_READ_UNIT + metered.write_units * DYNAMODB_WRITE_UNIT,
            "s3": sum(each * _s3_price(method) for method, each in s3.items()),
            "sqs": (sent + SQS_REQUESTS_PER_INVOCATION * polled) * SQS_REQUEST,
            "secrets": metered.calls["secretsmanager:GetSecretValue"] * SECRET_READ,
            "api": api_requests * API_REQUEST,
            "xray": len(invocations) * XRAY_SAMPLED * XRAY_TRACE,
            "logs": logged / 1e9 * LOGGED_GB,
        }

    def _logged(self) -> dict[str, list[str]]:
        """What each function wrote, Lambda's own lines included."""
        logs = self._stack.emulator.client("logs").get_paginator("filter_log_events")
        return {
            name: [
                event["message"]
                for page in logs.paginate(logGroupName=group, startTime=self._since)
                for event in page["events"]
            ]
            for name, group in self._stack.log_groups().items()
        }


def _s3_price(method: str) -> float:
    if method in ("PUT", "POST", "COPY", "LIST"):
        return S3_WRITE
    return 0.0 if method == "DELETE" else S3_READ
