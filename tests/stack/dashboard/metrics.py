"""The metrics of a running stack, each value with its moment: those in the logs, and what is sampled beside them."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.emf import Series, series_in

if TYPE_CHECKING:
    from types import TracebackType

    from tests.stack.dashboard.widgets import Points
    from tests.stack.local_stack import LocalStack

REPORT = re.compile(r"REPORT .*\tDuration: (?P<milliseconds>[\d.]+) ms\t")
FAILURE = re.compile(r"Worker process died|Task timed out|Traceback \(most recent call last\)")
"""What the emulator writes beneath the log of an invocation that failed; tracebacks of our own stand in JSON."""

QUEUES = ("JobQueueUrl", "ArchiveQueueUrl", "JobDeadLetterQueueUrl", "BillingDeadLetterQueueUrl")
SAMPLE_SECONDS = 2.0


def logged(stack: LocalStack) -> dict[Series, Points]:
    """By the functions, and about them."""
    found: defaultdict[Series, list[tuple[float, float]]] = defaultdict(list)
    functions = stack.functions()
    logs = stack.emulator.client("logs").get_paginator("filter_log_events")
    for name, group in stack.log_groups().items():
        function = frozenset({("FunctionName", functions[name])})
        for page in logs.paginate(logGroupName=group):
            for event in page["events"]:
                moment, message = event["timestamp"] / 1000, event["message"]
                for series, values in series_in([message]).items():
                    found[series] += [(moment, value) for value in values]
                if report := REPORT.match(message):
                    milliseconds = float(report["milliseconds"])
                    found["AWS/Lambda", "Duration", function].append((moment, milliseconds))
                    found["AWS/Lambda", "ConcurrentExecutions", function] += [(moment - milliseconds / 1000, 1.0)]
                if FAILURE.match(message):
                    found["AWS/Lambda", "Errors", function].append((moment, 1.0))
    return dict(found)


def at_once(found: dict[Series, Points]) -> dict[Series, Points]:
    """How many invocations of each function there were at the moment that one began."""
    counted: dict[Series, Points] = {}
    for (namespace, name, dimensions), points in found.items():
        if name == "ConcurrentExecutions":
            durations = found[namespace, "Duration", dimensions]
            spans = [(moment - milliseconds / 1000, moment) for moment, milliseconds in durations]
            counted[namespace, name, dimensions] = [
                (begun, float(sum(start <= begun < end for start, end in spans))) for begun, _ in points
            ]
    return found | counted


class Sampler:
    """Looks at the queues while its block lasts, as SQS does for CloudWatch once a minute."""

    def __init__(self, stack: LocalStack) -> None:
        self._sqs, self._outputs = stack.emulator.client("sqs"), stack.outputs
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.found: defaultdict[Series, list[tuple[float, float]]] = defaultdict(list)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        name = "ApproximateNumberOfMessages"
        while not self._over.wait(SAMPLE_SECONDS):
            for queue in QUEUES:
                url = self._outputs[queue]
                attributes: dict[str, Any] = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
                dimensions = frozenset({("QueueName", url.rpartition("/")[2])})
                series = ("AWS/SQS", f"{name}Visible", dimensions)
                self.found[series].append((time.time(), float(attributes["Attributes"][name])))
