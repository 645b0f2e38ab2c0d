"""`make fuzz`: thousands of requests against the local stack, others each time."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.campaign import fuzz
from tests.stack.local_stack import LocalStack

if __name__ == "__main__":
    with TemporaryDirectory() as folder, LocalStack.start(Path(folder), real_model=False) as stack:
        campaign = fuzz(stack, Path(folder), "--max-examples", sys.argv[1])
    sys.exit(campaign.returncode)
