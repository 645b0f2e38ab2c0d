"""`make bench-quality DATA=…`: how good each tier's cut-outs are, a table, bench-quality.json and out/quality.png.

DATA is a folder of photos with mattes: `<name>.jpg` and `<name>_alpha.png`, of one size, two of them at least.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from background_remover.domain.tiers import TIERS, Refinement
from imaging.cutout import compose
from imaging.looks import agreed
from imaging.matte import encode_matte
from imaging.photo import Photo, inference_copy
from tests.bench import image_path
from tests.bench.quality.mattes import answers
from tests.bench.quality.measures import Measures, colour_error, composite_error, measures
from tests.bench.quality.scenes import Scene, mattes_in, scene, to_bytes
from tests.bench.quality.sheet import Row, draw, row
from tests.stack.hugging_face.model import Segmenter
from tests.stack.local_stack import PROJECT

WEIGHTS = PROJECT / ".cache/assets/u2netp.onnx"
REMBG = PROJECT / ".cache/rembg/bin/python"
SHOWN = "quarter"
"""The kind of matte that the sheet shows and the paths get: about what the large models deliver."""

COMPARED_WITH_MATTING = 3
"""Scenes: rembg's alpha matting takes a minute for one."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one scene: by kind of matte and tier; `true_alpha`: the colour error by tier where the matte is the truth."""

    scene: str
    measures: dict[str, dict[str, Measures]]
    true_alpha: dict[str, float]
    row: Row


def main() -> None:
    folder = Path(sys.argv[1])
    positions = range(len(mattes_in(folder)))
    with tempfile.TemporaryDirectory() as temporary:
        print("quality …", flush=True)
        with ProcessPoolExecutor(os.cpu_count()) as processes:
            found = list(processes.map(partial(_quality, folder, Path(temporary)), positions))
        print("paths from file to file …", flush=True)
        paths = _paths(folder, Path(temporary), positions)
    report = _report(found) | {"paths": paths}
    _print(report)
    (PROJECT / "bench-quality.json").write_text(json.dumps(report, indent=1) + "\n")
    draw([each.row for each in found], ["photo", *TIERS, "truth"], PROJECT / "out/quality.png")
    print("\nwritten to bench-quality.json and out/quality.png")


def _quality(folder: Path, files: Path, position: int) -> Quality:
    """Leaves the scene as a JPEG in `files`, and beside it the matte of the kind SHOWN."""
    truth = scene(folder, position)
    jpeg = BytesIO()
    Image.fromarray(truth.photo).save(jpeg, "JPEG", quality=92)  # with halved colours, as cameras do
    (files / f"{position}.jpg").write_bytes(jpeg.getvalue())
    photo = Photo(truth.photo, None, None)
    found: dict[str, dict[str, Measures]] = {}
    shown: list[NDArray[np.uint8]] = []
    for answer in answers(truth, inference_copy(jpeg.getvalue()), Segmenter(WEIGHTS, threads=1)):
        if answer.kind == SHOWN:
            (files / f"{position}.png").write_bytes(encode_matte(answer.first))
        for tier in TIERS.values():
            matte = agreed([answer.first, answer.second][: tier.looks])
            rgba = compose(photo, matte, tier.refinement).rgba
            found.setdefault(answer.kind, {})[tier.name] = measures(rgba, truth)
            if answer.kind == SHOWN:
                shown.append(rgba)
    print(truth.name, flush=True)
    return Quality(truth.name, found, _colours_given_the_truth(photo, truth), row(truth, shown))


def _colours_given_the_truth(photo: Photo, truth: Scene) -> dict[str, float]:
    return {
        tier.name: colour_error(
            compose(photo, to_bytes(truth.alpha), Refinement(colour_pixels=tier.refinement.colour_pixels)).rgba, truth
        )
        for tier in TIERS.values()
    }


def _paths(folder: Path, files: Path, positions: range) -> dict[str, dict[str, float]]:
    """By path: medians of CPU seconds and peak MB over the scenes, and the mean of the composite's error.

    Everything gets the same JPEG and the same matte, and makes a PNG.
    """
    found: dict[str, list[dict[str, float]]] = {}
    for position in positions:
        photo, matte, result = files / f"{position}.jpg", files / f"{position}.png", files / "result.png"
        truth = scene(folder, position)

        def add(path: str, cost: dict[str, float], result: Path = result, truth: Scene = truth) -> None:
            with Image.open(result) as cutout:
                error = composite_error(np.asarray(cutout), truth)
            found.setdefault(path, []).append(cost | {"composite": error})

        for tier in TIERS:
            stages = image_path.measure(photo, tier, matte, result)
            # The copy for the model belongs to the inference, as rembg's does to the session that GivenMatte replaces.
            cpu_s = sum(stage["cpu_s"] for name, stage in stages.items() if name != "prepare")
            add(tier, {"cpu_s": cpu_s, "peak_mb": max(stage["peak_mb"] for stage in stages.values())})
        add("rembg", _rembg(photo, matte, result))
        if position < COMPARED_WITH_MATTING:
            add("rembg_alpha_matting", _rembg(photo, matte, result, "alpha_matting"))
            for tier in TIERS:
                found.setdefault(f"{tier}_beside_alpha_matting", []).append(found[tier][-1])
    return {
        path: {
            "cpu_s": statistics.median(cost["cpu_s"] for cost in costs),
            "peak_mb": statistics.median(cost["peak_mb"] for cost in costs),
            "composite": statistics.fmean(cost["composite"] for cost in costs),
            "scenes": len(costs),
        }
        for path, costs in found.items()
    }


def _rembg(*arguments: Path | str) -> dict[str, float]:
    script = Path(__file__).with_name("rembg_path.py")
    output = subprocess.run([REMBG, script, *arguments], check=True, capture_output=True).stdout
    cost: dict[str, float] = json.loads(output)
    return cost


def _report(found: list[Quality]) -> dict[str, Any]:
    kinds = list(found[0].measures)
    means = {
        kind: {
            tier: {
                name: statistics.fmean(asdict(each.measures[kind][tier])[name] for each in found)
                for name in asdict(found[0].measures[kind][tier])
            }
            for tier in TIERS
        }
        for kind in kinds
    }
    overall = {
        tier: {name: statistics.fmean(means[kind][tier][name] for kind in kinds) for name in means[kinds[0]][tier]}
        for tier in TIERS
    }
    true_alpha = {tier: statistics.fmean(each.true_alpha[tier] for each in found) for tier in TIERS}
    return {"scenes": len(found), "mattes": means, "all_mattes": overall, "colour_given_true_alpha": true_alpha}


def _print(report: dict[str, Any]) -> None:
    for kind, tiers in (*report["mattes"].items(), ("all mattes", report["all_mattes"])):
        print(f"\n{kind:22}" + "".join(f"{name:>14}" for name in tiers["basic"]))
        for tier, values in tiers.items():
            print(f"  {tier:20}" + "".join(f"{value:14.3f}" for value in values.values()))
    print("\ncolour error given the true alpha, in 8-bit levels")
    for tier, value in report["colour_given_true_alpha"].items():
        print(f"  {tier:20}{value:14.3f}")
    print(f"\n{'path':36}" + "".join(f"{name:>14}" for name in ("cpu_s", "peak_mb", "composite", "scenes")))
    for path, values in report["paths"].items():
        print(f"  {path:34}" + "".join(f"{value:14.3f}" for value in values.values()))


if __name__ == "__main__":
    main()
