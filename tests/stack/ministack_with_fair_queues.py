"""Runs ministack with the one thing that its SQS lacks: fair queues. A script for the emulator's own Python.

A standard queue whose messages carry a group id hands out first what belongs to groups with little in flight:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
ministack (1.5) hands out the oldest. AWS lets a group wait only once it has more than a tenth of what is in flight, or
of the recent processing time; here every message in flight counts, so that a handful shows what hundreds do there.
"""

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

type Message = dict[str, Any]
type Queue = dict[str, Any]


def fairest_first(messages: Sequence[Message], now: float) -> list[Message]:
    """By how many messages their group has in flight; those of equal groups, and of one group, stay as they were.

    A message without a group is a group of its own.
    """
    in_flight = Counter(
        message.get("group_id")
        for message in messages
        if message.get("receive_count", 0) > 0 and message.get("visible_at", now) > now
    )
    del in_flight[None]
    return sorted(messages, key=lambda message: in_flight[message.get("group_id")])


def main() -> None:
    from ministack import app  # type: ignore[import-not-found]  # in the emulator's environment only
    from ministack.services import sqs  # type: ignore[import-not-found]

    # It has been read, and functions inherit the environment: Powertools would take it for their own level.
    os.environ.pop("LOG_LEVEL", None)

    collect_oldest_first = sqs._collect_msgs

    def collect(queue: Queue, limit: int, visibility_timeout: int) -> list[Message]:
        if not queue["is_fifo"]:
            queue = {**queue, "messages": fairest_first(queue["messages"], time.time())}
        messages: list[Message] = collect_oldest_first(queue, limit, visibility_timeout)
        return messages

    sqs._collect_msgs = collect
    app.main()


if __name__ == "__main__":
    main()
