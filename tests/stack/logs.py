"""`make logs`: what the functions of the stack that `make up` started have logged lately, oldest first."""

import sys
from datetime import UTC, datetime

from tests.stack.local_stack import LocalStack, load
from tests.stack.up import STATE

LINES = 200


def main(*functions: str) -> None:
    running = load(STATE)
    if running is None:
        sys.exit("No stack is running. Start one with: make up")
    stack = LocalStack(running)
    groups = stack.log_groups()
    if unknown := set(functions) - set(groups):
        sys.exit(f"There is no {', '.join(unknown)}. Choose one of: {', '.join(sorted(groups))}.")
    lines = [
        (event["timestamp"], name, event["message"].rstrip())
        for name in functions or groups
        for page in stack.emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=groups[name])
        for event in page["events"]
    ]
    for milliseconds, name, message in sorted(lines)[-LINES:]:
        print(f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%H:%M:%S} {name:24} {message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
