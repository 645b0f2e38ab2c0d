"""`make bench`: part by part, a table, and bench.json."""

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.bench import archive, batch, batch_cost, cold_start, image_paths, removal, routes
from tests.bench.figures import Figure, print_table, write_json
from tests.bench.part import Means, Part
from tests.bench.sizes import WHOLE, Sizes
from tests.stack import processes
from tests.stack.local_stack import PROJECT, LocalStack


def imports(means: Means) -> dict[str, Figure]:
    with means.stack() as stack:
        environments = stack.function_environments()
    return cold_start.measure(environments, means.folder / "boto3", repetitions=means.sizes.import_repetitions)


PARTS = (
    Part(
        "image_path",
        "the image path, in fresh processes",
        image_paths.measure,
        ("image_path_cpu_s", "image_path_peak_mb"),
    ),
    Part("imports", "the functions' imports, in fresh processes", imports, ("import_over_boto3",)),
    Part("removals", "removals beside bare calls", removal.measure, ("remove_over_bare", "remove_added_s")),
    Part("aws_calls", "the AWS calls of a removal", removal.count_aws_calls, ("aws_calls_per_removal",)),
    Part(
        "routes",
        "the routes, warm",
        routes.measure,
        ("warm_p50_ms", "warm_p99_ms", "dynamodb_read_units", "dynamodb_write_units"),
    ),
    Part(
        "batch",
        "a batch, and a small tenant beside one",
        batch.measure,
        ("batch_images_per_second", "batch_wall_over_ideal", "small_tenant_wait_ratio"),
    ),
    Part(
        "batch_cost",
        "what batches cost at AWS",
        batch_cost.measure,
        ("aws_calls_per_batch_image", "lambda_ms_per_batch_image", "aws_usd_per_1000_images"),
    ),
    Part(
        "archive",
        "the ZIP of a full batch",
        archive.measure,
        ("zip_over_copy", "zip_over_copy_to_objects", "zip_s", "zip_peak_mb"),
    ),
)


def run(parts: Sequence[Part], sizes: Sizes, file: Path, running: LocalStack | None = None) -> list[str]:
    """The names of the parts that failed. `file` has the figures of the others, from when each was measured."""
    figures: dict[str, Figure] = {}
    failed = []
    for number, part in enumerate(parts, start=1):
        print(f"{number}/{len(parts)} {part.title} …", flush=True)
        started = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                figures |= part.measure(Means(folder=Path(folder), sizes=sizes, running=running))
            print(f"    {time.monotonic() - started:.0f} s", flush=True)
        except Exception:
            traceback.print_exc()
            failed.append(part.name)
        write_json(figures, file)
    print_table(figures)
    print(f"\nwritten to {file.name}", flush=True)
    return failed


def main(parts: Sequence[Part], sizes: Sizes, file: Path) -> None:
    processes.exit_when_told_to()
    if failed := run(parts, sizes, file):
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(PARTS, WHOLE, PROJECT / "bench.json")
