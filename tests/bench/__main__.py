"""`make bench`: part by part, a table, and bench.json."""

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.bench import archive, batch, batch_cost, cold_start, image_paths, load, page, removal, routes, worker_memory
from tests.bench.figures import Figure, print_table, read_json, write_json
from tests.bench.part import Means, Part
from tests.bench.sizes import WHOLE, Sizes
from tests.project import PROJECT
from tests.stack import processes
from tests.stack.local_stack import LocalStack


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
    Part(
        "repeats",
        "the same photo again",
        removal.measure_repeats,
        ("first_s", "repeat_s", "repeat_over_first"),
    ),
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
        (
            "aws_calls_per_batch_image",
            "lambda_ms_per_batch_image",
            "write_units_per_batch_image",
            "aws_usd_per_1000_images",
        ),
    ),
    Part(
        "load",
        "a minute of everything that users do",
        load.measure,
        ("load_requests_per_second", "load_errors", "load_p50_ms", "load_p95_ms", "load_p99_ms"),
    ),
    Part(
        "page",
        "the page on a slow phone, from its address to a first cut-out",
        page.measure,
        ("page_kb", "page_requests", "page_usable_s", "page_first_cut_out_s"),
    ),
    Part(
        "worker_memory",
        "the worker's memory, removal after removal",
        worker_memory.measure,
        ("worker_memory_mb_after", "worker_memory_growth"),
    ),
    Part(
        "archive",
        "the ZIP of a full batch",
        archive.measure,
        ("zip_over_copy", "zip_over_copy_to_objects", "zip_s", "zip_peak_mb"),
    ),
)


def run(parts: Sequence[Part], sizes: Sizes, file: Path, running: LocalStack | None = None) -> list[str]:
    """The names of the parts that failed. `file` has the figures of the others, from when each was measured.

    What other parts measured into it earlier stays, and so does what chaos showed.
    """
    figures: dict[str, Figure] = {}
    failed = []
    declared = tuple(name for part in parts for name in part.figures)
    others = {name: each for name, each in read_json(file).items() if not name.startswith(declared)}
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
        write_json(others, figures, file)
    print_table(figures)
    print(f"\nwritten to {file.name}", flush=True)
    return failed


def named(parts: Sequence[Part], names: Sequence[str]) -> Sequence[Part]:
    """Those of these names; all where none is given. Ends this process by a name that there is not."""
    if unknown := set(names) - {part.name for part in parts}:
        sys.exit(f"There is no part {', '.join(unknown)}. Choose of: {', '.join(part.name for part in parts)}.")
    return [part for part in parts if not names or part.name in names]


def main(parts: Sequence[Part], sizes: Sizes, file: Path) -> None:
    processes.exit_when_told_to()
    if failed := run(parts, sizes, file):
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main(named(PARTS, sys.argv[1:]), WHOLE, PROJECT / "bench.json")
