"""`cutout` against the running stack, as a program of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.caller import PATIENCE_SECONDS, Caller, photo
from tests.project import PROJECT
from tests.stack.local_stack import LocalStack

PHOTOS = 24
"""With 200 it takes 100 seconds of processor; tests/integration/command_line kills a run of 200."""
LONG_SECONDS = 4 * PATIENCE_SECONDS
"""On a processor that others use; it takes a few seconds on one's own."""


class CommandLine:
    def __init__(self, caller: Caller, home: Path) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT / "layers/command_line"),
            "CUTOUT_API": caller.api_url,
            "CUTOUT_KEY": caller.post("api-keys", {"name": "command line"}).json()["key"],
        }

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cutout", *map(str, arguments)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell starts in the background is deaf to Ctrl-C, and so is what that starts.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        running = self.start(*arguments)
        out, err = running.communicate(timeout=LONG_SECONDS)
        return running.returncode, out, err

    def stopped(self, *arguments: object, when: Callable[[], bool], by: signal.Signals) -> tuple[int, str]:
        """Exit code and stderr of a run that gets the signal at that moment."""
        with self.start(*arguments) as running:
            try:
                deadline = time.monotonic() + LONG_SECONDS
                while not when():
                    assert running.poll() is None, running.communicate()
                    assert time.monotonic() < deadline
                    time.sleep(0.005)
                running.send_signal(by)
                _, err = running.communicate(timeout=LONG_SECONDS)
            finally:
                running.kill()
        return running.returncode, err


@pytest.fixture
def cutout(caller: Caller, tmp_path: Path) -> CommandLine:
    return CommandLine(caller, tmp_path / "home")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def fill(folder: Path, count: int) -> None:
    """With photos of which no two are the same."""
    noise = np.random.default_rng(16)
    for number in range(count):
        Image.fromarray(noise.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(folder / f"{number:03}.png")


def pages(caller: Caller, path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = caller.get(path, limit=100, **cursor).json()
        found += page[name]
        if page["nextCursor"] is None:
            return found
        cursor = {"cursor": page["nextCursor"]}


def jobs_of(caller: Caller) -> list[dict[str, Any]]:
    return pages(caller, "jobs", "jobs")


def test_a_photo_is_cut_out_beside_itself_and_not_a_second_time(
    caller: Caller, cutout: CommandLine, photos: Path
) -> None:
    (photos / "cat.png").write_bytes(photo())

    first = cutout(photos / "cat.png", "-t", "basic", "--background", "#fff", "--crop", "5%", "--json")
    second = cutout("-t", "basic", "--background", "#fff", "--crop", "5%", photos / "cat.png")

    told = json.loads(first[1])
    output = photos / "cat-cutout.png"
    assert (first[0], told["done"], told["credits"], told["photos"][0]["output"]) == (0, 1, 3, str(output))
    with Image.open(output) as made:
        assert made.mode == "RGB"
    assert (second[0], "1 skipped" in second[2]) == (0, True)
    assert caller.balance() == (27, 0)
    assert sorted(file.name for file in photos.iterdir()) == ["cat-cutout.png", "cat.png"]


def test_a_photo_that_is_too_large_for_a_request_is_uploaded(caller: Caller, cutout: CommandLine, photos: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1300, 1300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(photos / "large.png")
    assert (photos / "large.png").stat().st_size > 4_400_000

    code, out, err = cutout(photos / "large.png", "-t", "basic", "-o", photos / "small.webp", "--max-size", "64")

    assert (code, out.strip()) == (0, str(photos / "small.webp")), err
    with Image.open(photos / "small.webp") as made:
        assert (made.format, max(made.size)) == ("WEBP", 64)
    assert caller.balance() == (27, 0)


def test_a_folder_whose_run_is_killed_twice_is_finished_with_nothing_twice(
    stack: LocalStack, caller: Caller, cutout: CommandLine, photos: Path, tmp_path: Path
) -> None:
    fill(photos, PHOTOS)
    price = caller.post("pricing/calculate", {"totalImages": PHOTOS, "tier": "basic"}).json()["finalPrice"]
    stack.operate("grant", "--user", caller.user.user_id, "--credits", "2000")
    before, _ = caller.balance()
    out = tmp_path / "out"
    run = (photos, "-t", "basic", "-o", out)

    killed = [
        cutout.stopped(*run, when=(out / ".cutout.json").exists, by=signal.SIGKILL),
        cutout.stopped(*run, when=lambda: len(list(out.glob("*.png"))) > 0, by=signal.SIGKILL),
    ]
    made_before = len(list(out.glob("*.png")))
    code, told, err = cutout(*run, "--json")

    assert [each[0] for each in killed] == [-signal.SIGKILL] * 2
    assert 1 <= made_before < PHOTOS
    assert code == 0, err
    assert json.loads(told)["done"] == PHOTOS
    assert sorted(file.name for file in out.iterdir()) == [f"{number:03}.png" for number in range(PHOTOS)]
    for number in range(PHOTOS):
        with Image.open(out / f"{number:03}.png") as made:
            made.load()
    jobs = jobs_of(caller)
    assert (len(jobs), {job["status"] for job in jobs}) == (PHOTOS, {"completed"})
    assert len({job["batchId"] for job in jobs}) == 1
    entries = [entry for entry in pages(caller, "credits", "ledger") if entry["kind"] not in ("bonus", "purchase")]
    assert [entry["available"] for entry in entries if entry["kind"] == "hold"] == [-price]
    assert sum(entry["held"] for entry in entries if entry["kind"] == "capture") == -price
    after = caller.get("credits", limit=1).json()
    assert (before - after["available"], after["held"]) == (price, 0)
    assert cutout(*run)[0] == 0
    assert len(jobs_of(caller)) == PHOTOS


def test_what_cannot_be_cut_out_is_named_and_the_rest_is_saved(
    caller: Caller, cutout: CommandLine, photos: Path
) -> None:
    fill(photos, 2)
    (photos / "broken.jpg").write_bytes(b"no photo")
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "notes.txt").write_text("none of its business")

    code, out, err = cutout(photos, "-t", "basic", "--json")

    told = json.loads(out)
    assert (code, told["done"], told["failed"], told["credits"]) == (1, 2, 2, 6)
    failed = {Path(each["photo"]).name: each["error"]["code"] for each in told["photos"] if each["status"] == "failed"}
    assert failed == {"broken.jpg": "not_an_image", "empty.jpg": "empty_image"}
    assert "broken.jpg: " in err
    assert sorted(file.name for file in (photos / "cutouts").iterdir()) == ["000.png", "001.png"]
    assert caller.balance() == (24, 0)


def test_without_enough_credits_it_says_so_and_sends_nothing(caller: Caller, cutout: CommandLine, photos: Path) -> None:
    fill(photos, 12)

    code, _, err = cutout(photos, "-t", "basic")

    assert code == 3
    assert "12 photos in tier basic: 36 credits." in err
    assert "36" in err.splitlines()[-2]
    assert jobs_of(caller) == []
    assert not (photos / "cutouts").exists() or list((photos / "cutouts").iterdir()) == []


@pytest.mark.parametrize("change", [{"CUTOUT_KEY": "brp_nobodys"}, {"CUTOUT_KEY": ""}])
def test_a_key_that_does_not_work_is_a_matter_of_configuration(
    cutout: CommandLine, photos: Path, change: dict[str, str]
) -> None:
    fill(photos, 1)
    cutout.environment |= change

    code, _, err = cutout(photos / "000.png")

    assert (code, err.count("\n") <= 2, "Traceback" in err) == (2, True, False)


def test_an_option_that_the_service_refuses_is_a_matter_of_usage(cutout: CommandLine, photos: Path) -> None:
    fill(photos, 1)
    code, _, err = cutout(photos / "000.png", "--crop", "much")
    assert (code, "crop" in err) == (2, True)


def test_ctrl_c_says_how_to_go_on(caller: Caller, cutout: CommandLine, photos: Path, tmp_path: Path) -> None:
    fill(photos, 8)
    out = tmp_path / "out"

    code, err = cutout.stopped(photos, "-t", "basic", "-o", out, when=(out / ".cutout.json").exists, by=signal.SIGINT)

    assert (code, "The same command" in err, "Traceback" in err) == (130, True, False)
    assert cutout(photos, "-t", "basic", "-o", out)[0] == 0
    assert len(jobs_of(caller)) == 8
