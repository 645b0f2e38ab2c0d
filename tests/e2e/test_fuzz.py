from pathlib import Path

from tests.fuzz.campaign import fuzz
from tests.stack.local_stack import LocalStack


def test_no_request_surprises_a_route(stack: LocalStack, tmp_path: Path) -> None:
    """A few requests of every kind, always the same; `make fuzz` makes thousands, and others each time."""
    campaign = fuzz(stack, tmp_path, "--max-examples", "10", "--generation-deterministic")
    assert campaign.returncode == 0, "What failed, and how to repeat it, is in the captured output."
