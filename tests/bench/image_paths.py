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
    from tests.bench.part import Means


def measure(means: Means) -> dict[str, Figure]:
    """By stage only at the first size."""
    figures = {}
    for megapixels in means.sizes.image_path_megapixels:
        photo, answer = means.folder / f"{megapixels}mp.jpg", means.folder / f"{megapixels}mp_matte.png"
        photo.write_bytes(jpeg(megapixels))
        copy = inference_copy(photo.read_bytes())
        answer.write_bytes(encode_matte(image_path.ellipse(copy.width, copy.height)))
        for tier in TIERS:
            runs = [
                image_path.measure(photo, tier, answer, means.folder / "result.png")
                for _ in range(means.sizes.image_path_repetitions)
            ]
            wholes = [sum(stage["cpu_s"] for stage in run.values()) for run in runs]
            figures[f"image_path_cpu_s_{megapixels}mp_{tier}"] = figure(wholes, "s")
            peaks = [max(stage["peak_mb"] for stage in run.values()) for run in runs]
            figures[f"image_path_peak_mb_{megapixels}mp_{tier}"] = figure(peaks, "MB")
            for stage in image_path.STAGES if megapixels == means.sizes.image_path_megapixels[0] else ():
                cpu = [run[stage]["cpu_s"] for run in runs]
                figures[f"image_path_cpu_s_{megapixels}mp_{tier}_{stage}"] = figure(cpu, "s")
    return figures
