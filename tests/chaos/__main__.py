"""`make chaos`: 300 images through the local stack while everything that can fail does. Figures go to bench.json."""

import argparse
import json
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.figures import read_json
from tests.chaos.run import CREDITS, run
from tests.project import PROJECT
from tests.stack import processes
from tests.stack.local_stack import LocalStack

FILE = PROJECT / "bench.json"
PARAMETERS = {"SignupCredits": str(CREDITS)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="*", help="one run each; without any, one of a new seed")
    seeds = parser.parse_args().seeds or [secrets.randbelow(1_000_000)]
    processes.exit_when_told_to()
    failed = []
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack.start(Path(folder), parameters=PARAMETERS, real_model=False) as stack,
    ):
        for seed in seeds:
            print(f"seed {seed}: repeat it with make chaos SEED={seed}", flush=True)
            started = time.monotonic()
            figures, broken = run(stack, seed)
            write(FILE, seed, figures)
            print(json.dumps(figures, indent=1))
            outcome = "does NOT hold" if broken else "holds"
            print(f"seed {seed}: {outcome}, {time.monotonic() - started:.0f} s", flush=True)
            if broken:
                failed.append(str(seed))
    if failed:
        sys.exit(f"does not hold for seed {', '.join(failed)}")


def write(file: Path, seed: int, figures: dict[str, Any]) -> None:
    """Beside what the bench measured and what other seeds showed."""
    content = read_json(file)
    content.setdefault("chaos", {})[str(seed)] = figures
    file.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
