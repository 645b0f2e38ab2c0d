"""The batch of `make demo`: 24 photos by presigned upload, one of them corrupt, and their ZIP unpacked."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from tests.stack.progress import ProgressBar

IMAGES = 24
CORRUPT = 7
TIER = "standard"
PATIENCE_SECONDS = 180.0


class DemoError(Exception):
    """Something is not as it should be."""


def run_batch(http: requests.Session, routes: str, photos: list[Path], folder: Path) -> None:
    """Raises `DemoError` unless all but the corrupt one are delivered, and exactly they are charged."""
    files = _files(photos)
    batch = _create(http, routes, files)
    print(f"a batch of {IMAGES}, {TIER}: {batch['credits']['price']} credits held, discount included")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(_upload, batch["items"], files.values()))
    batch = _await(http, f"{routes}/batch/{batch['batchId']}")
    counts, credits = batch["counts"], batch["credits"]
    print(
        f"{batch['status']}: {counts['completed']} delivered, {counts['failed']} failed; "
        f"{credits['charged']} credits charged, {credits['released']} given back"
    )
    failed = next(item for item in batch["items"] if item["status"] == "failed")
    print(f"{failed['fileName']}: {failed['error']['code']}, {failed['error']['detail']}")
    if (batch["status"], counts["completed"], counts["failed"]) != ("partial", IMAGES - 1, 1):
        raise DemoError(f"the batch did not end as it should: {batch}")
    if credits["charged"] + credits["released"] != credits["price"]:
        raise DemoError(f"the shares do not add up to the price: {credits}")
    _unpack(http, f"{routes}/batch/{batch['batchId']}/download", folder)


def _files(photos: list[Path]) -> dict[str, bytes]:
    """The photos, turned and mirrored into different ones, by file name; number `CORRUPT` breaks off."""
    files = {}
    for number in range(IMAGES):
        photo, variant = photos[number % len(photos)], number // len(photos)
        with Image.open(photo) as image:
            turned = image.convert("RGB").rotate(90 * (variant % 4), expand=True)
            if variant >= 4:
                turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            encoded = io.BytesIO()
            turned.save(encoded, "JPEG", quality=90)
        content = encoded.getvalue()
        files[f"{photo.stem}-{variant}.jpg"] = content[: len(content) // 3] if number == CORRUPT else content
    return files


def _create(http: requests.Session, routes: str, files: dict[str, bytes]) -> dict[str, Any]:
    manifest = {
        "tier": TIER,
        "files": [
            {"fileName": name, "contentType": "image/jpeg", "size": len(content)} for name, content in files.items()
        ],
    }
    answer = http.post(f"{routes}/batch", json=manifest, timeout=30)
    if answer.status_code != 201:
        raise DemoError(f"POST /batch: {answer.status_code} {answer.text}")
    batch: dict[str, Any] = answer.json()
    return batch


def _upload(item: dict[str, Any], content: bytes) -> None:
    form = item["upload"]
    answer = requests.post(form["url"], data=form["fields"], files={"file": content}, timeout=30)
    if not answer.ok:
        raise DemoError(f"upload of {item['fileName']}: {answer.status_code} {answer.text}")


def _await(http: requests.Session, url: str) -> dict[str, Any]:
    """The batch, once its ZIP is there, with its items."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    bar = ProgressBar(sys.stdout)
    while time.monotonic() < deadline:
        batch: dict[str, Any] = http.get(url, timeout=30).json()
        if bar.percent < 100:
            left = "" if batch["secondsLeft"] is None else f"about {batch['secondsLeft']:.0f} s left"
            bar.show(batch["percent"], left)
        if batch["zipReady"]:
            return batch
        time.sleep(0.5)
    raise DemoError(f"the batch is not over after {PATIENCE_SECONDS:.0f} s: {batch}. Logs are in .cache/demo")


def _unpack(http: requests.Session, url: str, folder: Path) -> None:
    download = http.get(url, timeout=30).json()
    content = requests.get(download["zipUrl"], timeout=60).content
    if len(content) != download["zipSize"]:
        raise DemoError(f"the ZIP has {len(content)} bytes, not {download['zipSize']}")
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if broken := archive.testzip():
            raise DemoError(f"{broken} is broken in the ZIP")
        archive.extractall(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    delivered = [file["name"] for file in manifest["files"] if "name" in file]
    for name in delivered:
        with Image.open(folder / name) as image:
            if image.mode != "RGBA":
                raise DemoError(f"{name} is {image.mode}")
    if len(delivered) != IMAGES - 1:
        raise DemoError(f"the ZIP holds {len(delivered)} cut-outs")
    print(f"ZIP: {len(content) / 1e6:.1f} MB, {len(delivered)} cut-outs and manifest.json in out/{folder.name}")
