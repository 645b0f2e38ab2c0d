"""The image path of every tier at several sizes, each time in a fresh process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from background_remover.domain.tiers import TIERS
from imaging.matte import encode_matte
from imaging.photo import inference_copy
from tests.bench import image_path
from tests.bench.figures import Figure, figure
from tests.bench.photos import jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.part import Means

Stages = dict[str, dict[str, float]]


def measure(means: Means) -> dict[str, Figure]:
    """By stage only at the first size, of undecided mattes only at the last."""
    sizes = means.sizes.image_path_megapixels
    figures: dict[str, Figure] = {}
    for megapixels in sizes:
        photo = means.folder / f"{megapixels}mp.jpg"
        photo.write_bytes(jpeg(megapixels))
        copy = inference_copy(photo.read_bytes())
        answer = means.folder / f"{megapixels}mp_matte.png"
        answer.write_bytes(encode_matte(image_path.ellipse(copy.width, copy.height)))
        for tier in TIERS:
            runs = _runs(means, photo, tier, answer)
            figures |= _wholes(f"{megapixels}mp_{tier}", runs)
            for stage in image_path.STAGES if megapixels == sizes[0] else ():
                cpu = [run[stage]["cpu_s"] for run in runs]
                figures[f"image_path_cpu_s_{megapixels}mp_{tier}_{stage}"] = figure(cpu, "s")
        if megapixels == sizes[-1]:
            answer.write_bytes(encode_matte(image_path.undecided(copy.width, copy.height)))
            for tier in TIERS:
                figures |= _wholes(f"{megapixels}mp_undecided_{tier}", _runs(means, photo, tier, answer))
    return figures


def _runs(means: Means, photo: Path, tier: str, answer: Path) -> list[Stages]:
    result = means.folder / "result.png"
    return [image_path.measure(photo, tier, answer, result) for _ in range(means.sizes.image_path_repetitions)]


def _wholes(name: str, runs: list[Stages]) -> dict[str, Figure]:
    cpu = [sum(stage["cpu_s"] for stage in run.values()) for run in runs]
    peaks = [max(stage["peak_mb"] for stage in run.values()) for run in runs]
    return {f"image_path_cpu_s_{name}": figure(cpu, "s"), f"image_path_peak_mb_{name}": figure(peaks, "MB")}
