"""`make bench-quality DATA=… [MODEL=…]`: how good the cut-outs are, as tables, bench-quality.json and out/quality.png.

DATA is a folder of photos with mattes: `<name>.jpg` and `<name>_alpha.png`, of one size, two of them at least. A model
that is named is measured alone, and takes its place in bench-quality.json beside what is there.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2

from background_remover.domain.tiers import TIERS
from tests.bench.quality import report
from tests.bench.quality.hosted import AskingError
from tests.bench.quality.models import NAMES, Measured, measured
from tests.bench.quality.on_scene import SHOWN, OnScene, on_scene
from tests.bench.quality.paths import paths
from tests.bench.quality.scenes import mattes_in
from tests.bench.quality.sheet import draw
from tests.bench.quality.sights import Ask
from tests.project import PROJECT

_ask: Ask
"""In each of the processes, its model."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-quality", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", choices=NAMES)
    parser.add_argument("--limit", type=float, default=2.0, help="dollars")
    parser.add_argument("--dollars-per-image", type=float)
    given = parser.parse_args()
    scenes = len(mattes_in(given.data))
    try:
        model = measured(
            given.model or NAMES[0], scenes=scenes, limit=given.limit, dollars_per_image=given.dollars_per_image
        )
        _measure(given.data, scenes, model, alone=given.model is not None)
    except AskingError as error:
        sys.exit(str(error))


def _measure(folder: Path, scenes: int, model: Measured, *, alone: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        files = Path(temporary)
        print(f"{scenes} scenes with {model.name} …", flush=True)
        found: list[OnScene] = []
        with ProcessPoolExecutor(os.cpu_count(), initializer=_begin, initargs=(model.begin,)) as processes:
            work = partial(_on_scene, folder, files, border=model.border, model_alone=alone)
            for each in processes.map(work, range(scenes)):
                found.append(each)
                print(f"{each.name} ({model.meter})" if model.meter else each.name, flush=True)
        of_model, of_no_model = report.of_model(found, model.border), None
        if not alone:
            print("paths from file to file …", flush=True)
            of_no_model = report.of_no_model(
                [each.no_model for each in found if each.no_model], paths(folder, files, range(scenes))
            )
    report.show(model.name, of_model, of_no_model)
    report.write(PROJECT / "bench-quality.json", model.name, of_model, of_no_model)
    draw(
        {
            f"edges, of true mattes ({SHOWN})": [each.row for each in found],
            f"subjects where two looks of {model.name} contradict each other": [
                each.model.row for each in found if each.model.row
            ],
        },
        ["photo", *TIERS, "truth"],
        PROJECT / "out/quality.png",
    )
    print("\nwritten to bench-quality.json and out/quality.png")


def _begin(begin: Callable[[], Ask]) -> None:
    global _ask
    cv2.setNumThreads(1)  # each process has a processor of its own
    _ask = begin()


def _on_scene(folder: Path, files: Path, position: int, *, border: float, model_alone: bool) -> OnScene:
    return on_scene(folder, files, position, _ask, border=border, model_alone=model_alone)


if __name__ == "__main__":
    main()
