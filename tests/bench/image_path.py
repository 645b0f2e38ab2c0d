"""The image path in a fresh process: `python -m tests.bench.image_path PHOTO TIER MATTE RESULT`, figures as JSON.

What is measured is everything that the functions do to the pixels, with a matte in place of Hugging Face's answer.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from background_remover.domain.tiers import TIERS, Tier
from imaging import cutout, looks, matte, photo, quality

STATUS = Path("/proc/self/status")
STAGES = ("prepare", "decode", "composite", "encode", "thumbnail")


def run(content: bytes, tier: Tier, answer: bytes) -> tuple[dict[str, dict[str, float]], bytes]:
    """By stage: `cpu_s` and the highest resident memory during the stage, `peak_mb`; and the PNG that comes out.

    `answer` is a matte of the inference copy's size, and what Hugging Face says at every look.
    """
    figures: dict[str, dict[str, float]] = {}

    def stage[Product](name: str, work: Callable[[], Product]) -> Product:
        Path("/proc/self/clear_refs").write_text("5")  # Resets the kernel's high-water mark: man 5 proc
        started = time.process_time()
        product = work()
        figures[name] = {"cpu_s": time.process_time() - started, "peak_mb": _peak_mb()}
        return product

    def prepare() -> photo.EncodedImage:
        copy = photo.inference_copy(content)
        for look in looks.looks_at(border=0.0)[: tier.looks]:
            look.of(copy)
        return copy

    copy = stage("prepare", prepare)
    decoded = stage("decode", lambda: photo.decode(content))

    def composite() -> cutout.Cutout:
        mattes = [matte.read_matte(answer, width=copy.width, height=copy.height) for _ in range(tier.looks)]
        found = looks.agreed(mattes)
        quality.assess(found)
        return cutout.compose(decoded, found, tier.refinement)

    result = stage("composite", composite)
    png = stage("encode", lambda: cutout.encode(result, "png", None))
    stage("thumbnail", lambda: cutout.thumbnail(result))
    return figures, png


def measure(photo: Path, tier: str, answer: Path, result: Path) -> dict[str, dict[str, float]]:
    """`run`, in a process of its own."""
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.image_path", photo, tier, answer, result]
    figures: dict[str, dict[str, float]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return figures


def ellipse(width: int, height: int) -> matte.Matte:
    """A matte with a soft edge of 6 % of its pixels, about what a head of hair has."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    soft = np.clip((0.8 - np.hypot(x, y)) * 20, 0, 1) * 255
    return np.asarray(soft, dtype=np.uint8)


def undecided(width: int, height: int) -> matte.Matte:
    """A matte that is nowhere sure, as of smoke: the most that there can be to do."""
    return np.random.default_rng(0).integers(60, 200, (height, width), dtype=np.uint8)


def _peak_mb() -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    photo_file, tier_name, answer_file, result_file = sys.argv[1:]
    measured, made = run(Path(photo_file).read_bytes(), TIERS[tier_name], Path(answer_file).read_bytes())
    Path(result_file).write_bytes(made)
    print(json.dumps(measured))
