"""What `working_memory` promises, which the worker shares its memory out by, in fresh processes."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from background_remover.domain.tiers import TIERS
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
before = peak()
delivery(framed_cutout(decode(photo), decode_matte(matte), refinement, options), options)
print(peak() - before)
"""


@pytest.mark.parametrize("photo_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("tier", ["basic", "industry"])
def test_no_photo_takes_more_memory_than_the_worker_reckons_with(tmp_path: Path, photo_format: str, tier: str) -> None:
    photo, matte = tmp_path / "photo", tmp_path / "matte.png"
    content = BytesIO()
    Image.fromarray(gradient(WIDTH, HEIGHT)).save(
        content, photo_format, quality=80, method=0, compress_level=1, speed=10
    )
    photo.write_bytes(content.getvalue())
    Image.linear_gradient("L").resize((1365, 1024)).save(matte)  # half-transparent everywhere: the most work there is
    command: list[str | Path] = [sys.executable, "-c", PATH, photo, matte, tier]
    taken = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert taken < working_memory(WIDTH * HEIGHT, TIERS[tier].refinement)
