"""What `working_memory` promises, which the worker shares its memory out by, in fresh processes."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from background_remover.domain.tiers import TIERS
from imaging.backdrop import MAX_PIXELS, backdrop_memory
from imaging.cutout import working_memory
from tests.unit.imaging.images import gradient

pytestmark = pytest.mark.large

WIDTH, HEIGHT = 4000, 3000
PATH = """
import sys
from pathlib import Path
from background_remover.domain.jobs import Options
from background_remover.domain.tiers import TIERS
from imaging.framing import delivery, framed_cutout
from imaging.matte import decode_matte
from imaging.photo import decode

def peak():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

photo, matte = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes()
refinement, options = TIERS[sys.argv[3]].refinement, Options(format="webp", background=(9, 9, 9))  # the most of all
backdrop = Path(sys.argv[4]).read_bytes() if len(sys.argv) > 4 else None
if backdrop:
    options = Options(format="webp", background_image="its hash", scale=100)
before = peak()
framed = framed_cutout(decode(photo), decode_matte(matte), refinement, options)
delivery(framed, options, None if backdrop is None else lambda: decode(backdrop))
print(peak() - before)
"""


@pytest.mark.parametrize("photo_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("tier", ["basic", "industry"])
def test_no_photo_takes_more_memory_than_the_worker_reckons_with(tmp_path: Path, photo_format: str, tier: str) -> None:
    photo, matte = files(tmp_path, photo_format)
    assert taken(photo, matte, tier) < working_memory(WIDTH * HEIGHT, TIERS[tier].refinement)


@pytest.mark.parametrize("photo_format", ["JPEG", "WEBP"])
def test_nor_does_one_with_the_largest_backdrop(tmp_path: Path, photo_format: str) -> None:
    photo, matte = files(tmp_path, photo_format)
    backdrop = tmp_path / "backdrop"
    Image.fromarray(gradient(5000, 5000)).save(backdrop, photo_format, quality=80, method=0)
    reckoned_with = backdrop_memory(WIDTH * HEIGHT, MAX_PIXELS)
    assert taken(photo, matte, "industry", backdrop) < reckoned_with


def files(folder: Path, photo_format: str) -> tuple[Path, Path]:
    photo, matte = folder / "photo", folder / "matte.png"
    Image.fromarray(gradient(WIDTH, HEIGHT)).save(photo, photo_format, quality=80, method=0, compress_level=1, speed=10)
    Image.linear_gradient("L").resize((1365, 1024)).save(matte)  # half-transparent everywhere: the most work there is
    return photo, matte


def taken(*arguments: str | Path) -> int:
    """Bytes."""
    command: list[str | Path] = [sys.executable, "-c", PATH, *arguments]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)
