"""From file to file, given the matte: what the tiers take and how well they do, beside rembg."""

import json
import statistics
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from background_remover.domain.tiers import TIERS
from tests.bench import image_path
from tests.bench.quality.measures import composite_error
from tests.bench.quality.scenes import Scene, scene
from tests.project import PROJECT

REMBG = PROJECT / ".cache/rembg/bin/python"

COMPARED_WITH_MATTING = 3
"""Scenes: rembg's alpha matting takes a minute for one."""


def paths(folder: Path, files: Path, positions: range) -> dict[str, dict[str, float]]:
    """By path: medians of CPU seconds and peak MB over the scenes, and the mean of the composite's error.

    Everything gets the same JPEG and the same matte, which lie in `files` by the scene's position, and makes a PNG.
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
