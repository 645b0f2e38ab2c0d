"""`rembg`'s path from file to file, given the matte: PHOTO MATTE RESULT [alpha_matting]; prints seconds and memory.

Runs in rembg's own virtual environment. https://github.com/danielgatis/rembg
"""

import json
import sys
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from rembg import remove
from rembg.sessions.base import BaseSession

PEAK = "VmHWM"


class GivenMatte(BaseSession):  # type: ignore[misc]  # rembg is not in this virtual environment
    """A session that answers with a matte, enlarged to the photo's size as rembg's own sessions do."""

    def __init__(self, matte: Image.Image) -> None:
        self.matte = matte

    def predict(self, img: Image.Image, *_: object, **__: object) -> list[Image.Image]:
        return [self.matte.resize(img.size, Image.Resampling.LANCZOS)]


def main() -> None:
    photo, matte, result = map(Path, sys.argv[1:4])
    alpha_matting = "alpha_matting" in sys.argv[4:]
    session = GivenMatte(Image.open(matte).convert("L"))
    small = BytesIO()  # what is compiled on first use is compiled for it
    Image.open(photo).resize((64, 64)).save(small, "PNG")
    remove(small.getvalue(), session=session, alpha_matting=alpha_matting)
    content = photo.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    started, cpu = time.perf_counter(), time.process_time()
    cutout = remove(content, session=session, alpha_matting=alpha_matting)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(PEAK))
    assert isinstance(cutout, bytes)
    result.write_bytes(cutout)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_mb": int(line.split()[1]) / 1024}))


if __name__ == "__main__":
    main()
