"""`make bench`: a table, and bench.json."""

import tempfile
from pathlib import Path

from background_remover.domain.tiers import TIERS
from imaging.matte import encode_matte
from imaging.photo import inference_copy
from tests.bench import archive, batch, batch_cost, cold_start, image_path, removal, routes
from tests.bench.figures import Figure, figure, print_table, write_json
from tests.bench.photos import jpeg
from tests.stack.local_stack import PROJECT, LocalStack

SOURCE = PROJECT / ".cache/assets/coffee.png"
IMAGE_PATH_MEGAPIXELS = 12, 25, 50
IMAGE_PATH_REPETITIONS = 5


def main() -> None:
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as folder:
        print("image path, in fresh processes …", flush=True)
        figures |= image_paths(Path(folder))
        print("starting the local stack …", flush=True)
        with LocalStack.start(Path(folder) / "stack") as stack:
            print("imports, in fresh processes …", flush=True)
            figures |= cold_start.measure(stack.function_environments(), Path(folder) / "boto3", repetitions=9)
            print("removals …", flush=True)
            figures |= removal.measure(stack, SOURCE)
            figures |= removal.count_aws_calls(stack, SOURCE)
            print("routes …", flush=True)
            figures |= routes.measure(stack)
        print(f"a batch of {batch.IMAGES} …", flush=True)
        figures |= batch.measure(Path(folder) / "batch", SOURCE)
        print(f"the cost of batches of {batch_cost.IMAGES} …", flush=True)
        figures |= batch_cost.measure(Path(folder) / "cost", SOURCE)
        print(f"the ZIP of {archive.IMAGES} results of 5 MB …", flush=True)
        figures |= archive.measure(Path(folder) / "archive")
    print_table(figures)
    write_json(figures, PROJECT / "bench.json")
    print("\nwritten to bench.json")


def image_paths(folder: Path) -> dict[str, Figure]:
    figures = {}
    for megapixels in IMAGE_PATH_MEGAPIXELS:
        photo, answer = folder / f"{megapixels}mp.jpg", folder / f"{megapixels}mp_matte.png"
        photo.write_bytes(jpeg(SOURCE, megapixels))
        copy = inference_copy(photo.read_bytes())
        answer.write_bytes(encode_matte(image_path.ellipse(copy.width, copy.height)))
        for tier in TIERS:
            runs = [
                image_path.measure(photo, tier, answer, folder / "result.png") for _ in range(IMAGE_PATH_REPETITIONS)
            ]
            wholes = [sum(stage["cpu_s"] for stage in run.values()) for run in runs]
            figures[f"image_path_cpu_s_{megapixels}mp_{tier}"] = figure(wholes, "s")
            peaks = [max(stage["peak_mb"] for stage in run.values()) for run in runs]
            figures[f"image_path_peak_mb_{megapixels}mp_{tier}"] = figure(peaks, "MB")
            for stage in image_path.STAGES if megapixels == IMAGE_PATH_MEGAPIXELS[0] else ():
                cpu = [run[stage]["cpu_s"] for run in runs]
                figures[f"image_path_cpu_s_{megapixels}mp_{tier}_{stage}"] = figure(cpu, "s")
    return figures


if __name__ == "__main__":
    main()
